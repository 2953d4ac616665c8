metadata description = 'Metric alerts of the resources of an environment. Each says by a signal which scenario answers it.'

@export()
@description('A metric alert of one resource.')
type MetricRule = {
  @description('The signal of the scenario that answers it.')
  signal: string
  name: string
  description: string
  scope: string
  namespace: string
  metric: string
  aggregation: 'Average' | 'Count' | 'Maximum' | 'Minimum' | 'Total'
  operator: 'GreaterThan' | 'LessThan'
  @description('A whole number, or one with a decimal point as text.')
  threshold: string
  window: 'PT5M' | 'PT15M'
  severity: 0 | 1 | 2 | 3
  @description('Only what has these values in a dimension counts.')
  dimensions: { name: string, operator: 'Include', values: string[] }[]
}

@description('Required. The rules.')
param rules MetricRule[]

@description('Required. The action groups that they call.')
param actionGroupIds string[]

@description('Optional. Tags of the rules.')
param tags object = {}

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in rules: {
    name: rule.name
    location: 'global'
    tags: union(tags, { signal: rule.signal })
    properties: {
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [rule.scope]
      evaluationFrequency: 'PT1M'
      windowSize: rule.window
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.signal
            metricNamespace: rule.namespace
            metricName: rule.metric
            timeAggregation: rule.aggregation
            operator: rule.operator
            threshold: json(rule.threshold)
            dimensions: rule.dimensions
            // A resource that has emitted nothing yet has no such metric.
            skipMetricValidation: true
          }
        ]
      }
      actions: [for id in actionGroupIds: { actionGroupId: id }]
    }
  }
]
