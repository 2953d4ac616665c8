metadata description = 'Alerts of what Application Insights has been told: a row that the query brings is a failure.'

@export()
@description('An alert of a query. It fires while the query brings a row.')
type LogRule = {
  @description('The signal of the scenario that answers it, or of the service itself.')
  signal: string
  name: string
  description: string
  @description('In the names of the component, such as requests and traces: AppRequests and AppTraces are those of a workspace.')
  query: string
  window: 'PT5M' | 'PT15M' | 'PT30M' | 'PT1H'
  frequency: 'PT5M' | 'PT15M'
  @description('How far back the query itself looks, where that is more than the window.')
  overrideRange: 'P2D'?
  severity: 0 | 1 | 2 | 3
}

@description('Required. The rules.')
param rules LogRule[]

@description('Required. The Application Insights component that is asked.')
param componentId string

@description('Required. The region of the component.')
param location string

@description('Required. The action groups that they call.')
param actionGroupIds string[]

@description('Optional. Tags of the rules.')
param tags object = {}

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    kind: 'LogAlert'
    tags: union(tags, { signal: rule.signal })
    properties: {
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [componentId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      overrideQueryTimeRange: rule.?overrideRange
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: actionGroupIds }
    }
  }
]
