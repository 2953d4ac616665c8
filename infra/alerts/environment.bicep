metadata description = 'The alerts of one environment: what tells of a failure, and which scenario answers it.'

import { groupOf, nameOf, subscriptionOf, typeOf } from '../ids.bicep'
import { displayNameOf } from '../regions.bicep'

@description('Required. The environment, as the estate writes it.')
param environment object

@description('Required. What rules of the environment are named with.')
param suffix string

@description('Required. The address of the service.')
param serviceAddress string

@secure()
@description('Required. The function key of receiveAlert; empty with the secure webhook.')
param alertKey string

@description('Optional. The secure webhook: the application that Azure Monitor brings a token for.')
param secureWebhook { objectId: string, identifierUri: string, tenantId: string }?

@description('Optional. Restarts of replicas within five minutes that are too many.')
@minValue(1)
param restartLimit int = 5

@description('Optional. Refused calls of the vault within five minutes that are too many.')
@minValue(1)
param refusalLimit int = 20

@description('Optional. Percent of requests that may end in an error of the server.')
@minValue(1)
@maxValue(100)
param errorPercent int = 5

@description('Optional. Tags of everything that is made here.')
param tags object = {}

var app = environment.containerApp.primary
var cache = environment.redis.primary
var vault = environment.keyVault.primary
var account = environment.storage.primary
var component = environment.applicationInsights.component
var webTest = first(environment.applicationInsights.?availabilityTests ?? [])
var profile = environment.?trafficManager.?profile
// What the estate names as the way of users, else the app's own name.
var publicName = environment.?trafficManager.?publicName

var cacheNamespace = typeOf(cache) == 'microsoft.cache/redis'
  ? 'Microsoft.Cache/redis'
  : 'Microsoft.Cache/redisEnterprise'

module actionGroups 'action-groups.bicep' = {
  params: {
    name: nameOf(environment.alerting.actionGroup)
    contacts: environment.contacts
    serviceAddress: serviceAddress
    alertKey: alertKey
    secureWebhook: secureWebhook
    tags: tags
  }
}

// The service tells people itself as soon as it has begun; the primary contact hears of each alert all the same.
var called = [actionGroups.outputs.recoveryId, actionGroups.outputs.peopleIds[0]]

resource containerApp 'Microsoft.App/containerApps@2026-01-01' existing = {
  scope: resourceGroup(subscriptionOf(app), groupOf(app))
  name: nameOf(app)
}

module availabilityTest 'availability-test.bicep' = if (webTest != null) {
  scope: resourceGroup(subscriptionOf(webTest ?? app), groupOf(webTest ?? app))
  params: {
    name: nameOf(webTest ?? app)
    location: environment.primaryRegion
    componentId: component
    url: 'https://${publicName ?? containerApp.properties.configuration.ingress.fqdn}${environment.containerApp.?health.?path ?? '/health'}'
    expectedStatus: environment.containerApp.?health.?expectedStatus ?? 200
    tags: tags
  }
}

module availabilityRule 'availability-rule.bicep' = if (webTest != null) {
  params: {
    name: 'mcp-health-${suffix}'
    text: 'The health address of the application fails from two places or more.'
    signal: 'availability-test'
    webTestId: webTest ?? app
    componentId: component
    severity: 1
    actionGroupIds: called
    tags: tags
  }
  dependsOn: [availabilityTest]
}

module metricRules 'metric-rules.bicep' = {
  params: {
    actionGroupIds: called
    tags: tags
    rules: concat(
      [
        {
          signal: 'no-replicas'
          name: 'mcp-app-${suffix}-replicas'
          description: 'The container app has no replica.'
          scope: app
          namespace: 'Microsoft.App/containerApps'
          metric: 'Replicas'
          aggregation: 'Maximum'
          operator: 'LessThan'
          threshold: '1'
          window: 'PT5M'
          severity: 1
          dimensions: []
        }
        {
          signal: 'restarts'
          name: 'mcp-app-${suffix}-restarts'
          description: 'Replicas of the container app restart again and again.'
          scope: app
          namespace: 'Microsoft.App/containerApps'
          metric: 'RestartCount'
          aggregation: 'Total'
          operator: 'GreaterThan'
          threshold: string(restartLimit)
          window: 'PT5M'
          severity: 2
          dimensions: []
        }
        {
          signal: 'redis-errors'
          name: 'mcp-redis-${suffix}-errors'
          description: 'The cache counts errors of its clients.'
          scope: cache
          namespace: cacheNamespace
          metric: 'errors'
          aggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: '0'
          window: 'PT5M'
          severity: 1
          dimensions: []
        }
        {
          signal: 'redis-no-clients'
          name: 'mcp-redis-${suffix}-clients'
          description: 'The cache has had no client for five minutes.'
          scope: cache
          namespace: cacheNamespace
          metric: 'connectedclients'
          aggregation: 'Maximum'
          operator: 'LessThan'
          threshold: '1'
          window: 'PT5M'
          severity: 2
          dimensions: []
        }
        {
          signal: 'redis-load'
          name: 'mcp-redis-${suffix}-load'
          description: 'The cache has been busy beyond 90 percent for a quarter of an hour.'
          scope: cache
          namespace: cacheNamespace
          metric: 'serverLoad'
          aggregation: 'Minimum'
          operator: 'GreaterThan'
          threshold: '90'
          window: 'PT15M'
          severity: 2
          dimensions: []
        }
        {
          signal: 'vault-availability'
          name: 'mcp-vault-${suffix}-availability'
          description: 'The vault answers less than 99.9 percent of the calls.'
          scope: vault
          namespace: 'Microsoft.KeyVault/vaults'
          metric: 'Availability'
          aggregation: 'Average'
          operator: 'LessThan'
          threshold: '99.9'
          window: 'PT15M'
          severity: 1
          dimensions: []
        }
        {
          signal: 'vault-refusals'
          name: 'mcp-vault-${suffix}-refusals'
          description: 'The vault refuses calls: a role, a network rule or the vault itself is not what it was.'
          scope: vault
          namespace: 'Microsoft.KeyVault/vaults'
          metric: 'ServiceApiResult'
          aggregation: 'Count'
          operator: 'GreaterThan'
          threshold: string(refusalLimit)
          window: 'PT5M'
          severity: 2
          dimensions: [{ name: 'StatusCode', operator: 'Include', values: ['403'] }]
        }
        {
          signal: 'storage-availability'
          name: 'mcp-storage-${suffix}-availability'
          description: 'The storage account answers less than 99.9 percent of the calls.'
          scope: account
          namespace: 'Microsoft.Storage/storageAccounts'
          metric: 'Availability'
          aggregation: 'Average'
          operator: 'LessThan'
          threshold: '99.9'
          window: 'PT15M'
          severity: 1
          dimensions: []
        }
      ],
      profile == null
        ? []
        : [
            {
              signal: 'traffic-manager-endpoint'
              name: 'mcp-traffic-${suffix}-endpoints'
              description: 'Traffic Manager finds the primary endpoint degraded.'
              scope: profile!
              namespace: 'Microsoft.Network/trafficManagerProfiles'
              metric: 'ProbeAgentCurrentEndpointStateByProfileResourceId'
              aggregation: 'Maximum'
              operator: 'LessThan'
              threshold: '1'
              window: 'PT5M'
              severity: 1
              dimensions: [
                {
                  name: 'EndpointName'
                  operator: 'Include'
                  values: [environment.trafficManager.primaryEndpoint]
                }
              ]
            }
          ]
    )
  }
}

module logRules 'log-rules.bicep' = {
  params: {
    componentId: component
    location: environment.primaryRegion
    actionGroupIds: called
    tags: tags
    rules: [
      {
        signal: 'server-errors'
        name: 'mcp-errors-${suffix}'
        description: 'More than ${errorPercent} percent of the requests end in an error of the server.'
        query: 'requests | summarize failed = countif(toint(resultCode) >= 500), total = count() | where total >= 20 and failed * 100 > total * ${errorPercent}'
        window: 'PT5M'
        frequency: 'PT5M'
        severity: 1
      }
      {
        // An average of a count says nothing, and a metric that is not emitted fires nothing.
        signal: 'no-requests'
        name: 'mcp-requests-${suffix}'
        description: 'No request comes in, although a day ago there were some at this time.'
        query: 'requests | where timestamp > ago(25h) | summarize recent = countif(timestamp > ago(5m)), before = countif(timestamp between (ago(1d) - 15m .. ago(1d) + 15m)) | where recent == 0 and before >= 30'
        window: 'PT5M'
        frequency: 'PT5M'
        overrideRange: 'P2D'
        severity: 2
      }
    ]
  }
}

func deleted(type string, id string) object[] => [
  { field: 'category', equals: 'Administrative' }
  { field: 'operationName', equals: '${type}/delete' }
  { field: 'resourceId', equals: id }
  { field: 'status', equals: 'Succeeded' }
]

module activityRules 'activity-rules.bicep' = {
  params: {
    actionGroupIds: called
    tags: tags
    rules: [
      {
        signal: 'service-health-region'
        name: 'mcp-service-health-${suffix}'
        description: 'Azure announces an issue of the primary region. It is evidence, never a trigger alone.'
        scopes: [subscription().id]
        allOf: [
          { field: 'category', equals: 'ServiceHealth' }
          { field: 'properties.incidentType', equals: 'Incident' }
          {
            field: 'properties.impactedServices[*].ImpactedRegions[*].RegionName'
            containsAny: [displayNameOf(environment.primaryRegion), 'Global']
          }
        ]
      }
      {
        signal: 'resource-health'
        name: 'mcp-resource-health-${suffix}'
        description: 'Azure says that a resource of the application is unavailable.'
        scopes: [app, cache, vault, account]
        allOf: [
          { field: 'category', equals: 'ResourceHealth' }
          {
            anyOf: [
              { field: 'properties.currentHealthStatus', equals: 'Unavailable' }
              { field: 'properties.currentHealthStatus', equals: 'Degraded' }
            ]
          }
        ]
      }
      {
        signal: 'vault-deleted'
        name: 'mcp-vault-${suffix}-deleted'
        description: 'Somebody has deleted the vault.'
        scopes: [resourceGroupOf(vault)]
        allOf: deleted('Microsoft.KeyVault/vaults', vault)
      }
      {
        signal: 'storage-deleted'
        name: 'mcp-storage-${suffix}-deleted'
        description: 'Somebody has deleted the storage account.'
        scopes: [resourceGroupOf(account)]
        allOf: deleted('Microsoft.Storage/storageAccounts', account)
      }
    ]
  }
}

func resourceGroupOf(id string) string => '/subscriptions/${subscriptionOf(id)}/resourceGroups/${groupOf(id)}'
