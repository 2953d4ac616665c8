metadata description = 'Alerts of the activity log: Service Health, Resource Health, and resources that somebody deletes.'

@export()
@description('An alert of the activity log.')
type ActivityRule = {
  @description('The signal of the scenario that answers it.')
  signal: string
  name: string
  description: string
  scopes: string[]
  @description('Conditions that hold together, as the provider writes them.')
  allOf: object[]
}

@description('Required. The rules.')
param rules ActivityRule[]

@description('Required. The action groups that they call.')
param actionGroupIds string[]

@description('Optional. Tags of the rules.')
param tags object = {}

resource alert 'Microsoft.Insights/activityLogAlerts@2020-10-01' = [
  for rule in rules: {
    name: rule.name
    location: 'global'
    tags: union(tags, { signal: rule.signal })
    properties: {
      description: rule.description
      enabled: true
      scopes: rule.scopes
      condition: { allOf: rule.allOf }
      actions: { actionGroups: [for id in actionGroupIds: { actionGroupId: id }] }
    }
  }
]
