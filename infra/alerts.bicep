metadata description = 'The alerts that call the disaster-recovery service, and those that call people when it is the service that fails. Deployed after the service, since they hold its key.'

targetScope = 'subscription'

import { groupOf, subscriptionOf } from 'ids.bicep'

@description('Required. The estate that this deployment serves: the content of the file that travels in the package.')
param estate object

@description('Required. The environments of the estate that this deployment serves.')
param environmentNames ('development' | 'staging' | 'production')[]

@description('Required. Where the service stands.')
param serviceRegion string

@description('Optional. Resource group of the service.')
@minLength(1)
@maxLength(90)
param resourceGroupName string = 'mcp-dr-service'

@description('Required. Name of the function app.')
@minLength(3)
@maxLength(48)
param functionAppName string

@description('Optional. The address that action groups call, where it is not the function app itself.')
param serviceAddress string = 'https://${functionAppName}.azurewebsites.net'

@secure()
@description('Required. The function key of receiveAlert, which the hook reads from the app; empty with the secure webhook.')
param alertKey string

@description('Optional. The secure webhook: the application that Azure Monitor brings a token for.')
param secureWebhook { objectId: string, identifierUri: string, tenantId: string }?

@description('Optional. Tags of everything that is made here.')
param tags object = { application: 'enterprise-mcp-dr' }

var suffixes = { development: 'dev', staging: 'stg', production: 'prod' }
var served = filter(environmentNames, name => contains(estate.environments, name) && contains(estate.environments[name], 'alerting'))
// The people of the most important environment hear of the service itself.
var leading = estate.environments[last(served)!]

resource serviceGroup 'Microsoft.Resources/resourceGroups@2024-11-01' existing = {
  name: resourceGroupName
}

module environment 'alerts/environment.bicep' = [
  for name in served: {
    name: 'alerts-${name}'
    scope: resourceGroup(
      subscriptionOf(estate.environments[name].alerting.actionGroup),
      groupOf(estate.environments[name].alerting.actionGroup)
    )
    params: {
      environment: estate.environments[name]
      suffix: suffixes[name]
      serviceAddress: serviceAddress
      alertKey: alertKey
      secureWebhook: secureWebhook
      tags: tags
    }
  }
]

module service 'alerts/service.bicep' = {
  name: 'alerts-service'
  scope: serviceGroup
  params: {
    functionAppName: functionAppName
    componentId: resourceId(
      subscription().subscriptionId,
      resourceGroupName,
      'Microsoft.Insights/components',
      '${functionAppName}-insights'
    )
    location: serviceRegion
    serviceAddress: serviceAddress
    alertKey: secureWebhook == null ? alertKey : ''
    asksForTokens: secureWebhook != null
    peopleIds: map(['primary', 'secondary'], level => '${leading.alerting.actionGroup}-${level}')
    escalationId: '${leading.alerting.actionGroup}-escalation'
    tags: tags
  }
  dependsOn: [environment]
}
