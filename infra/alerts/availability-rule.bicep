metadata description = 'The alert of an availability test: it fires when two places fail at once.'

@description('Required. Name of the rule.')
@minLength(1)
@maxLength(260)
param name string

@description('Required. What it tells people.')
param text string

@description('Required. The signal of the scenario that answers it, or of the service itself.')
param signal string

@description('Required. The availability test.')
param webTestId string

@description('Required. The Application Insights component that keeps its results.')
param componentId string

@description('Required. How bad it is.')
@allowed([0, 1, 2, 3])
param severity int

@description('Required. The action groups that it calls.')
param actionGroupIds string[]

@description('Optional. Tags of the rule.')
param tags object = {}

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: name
  location: 'global'
  tags: union(tags, { signal: signal })
  properties: {
    description: text
    severity: severity
    enabled: true
    autoMitigate: true
    scopes: [webTestId, componentId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: webTestId
      componentId: componentId
      failedLocationCount: 2
    }
    actions: [for id in actionGroupIds: { actionGroupId: id }]
  }
}
