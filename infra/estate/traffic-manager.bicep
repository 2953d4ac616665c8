metadata description = 'Leads users by priority: to the primary app, and to the standby once a recovery switches it on. Container apps are external endpoints: Traffic Manager knows no other kind for them.'

import { groupOf, nameOf, subscriptionOf } from '../ids.bicep'

@description('Required. Name of the profile, and of its DNS name before .trafficmanager.net.')
@minLength(1)
@maxLength(63)
param name string

@description('Required. The apps with the names of their endpoints and their regions, the primary first.')
param endpoints { name: string, appId: string, region: string, enabled: bool }[]

@description('Optional. Where the apps are asked how they are.')
param healthPath string = '/health'

@description('Optional. Seconds for which resolvers may repeat an answer.')
@minValue(0)
@maxValue(60)
param ttl int = 30

@description('Optional. Tags of the profile.')
param tags object = {}

resource apps 'Microsoft.App/containerApps@2026-01-01' existing = [
  for endpoint in endpoints: {
    scope: resourceGroup(subscriptionOf(endpoint.appId), groupOf(endpoint.appId))
    name: nameOf(endpoint.appId)
  }
]

resource profile 'Microsoft.Network/trafficManagerProfiles@2022-04-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    profileStatus: 'Enabled'
    trafficRoutingMethod: 'Priority'
    dnsConfig: { relativeName: name, ttl: ttl }
    monitorConfig: {
      protocol: 'HTTPS'
      port: 443
      path: healthPath
      intervalInSeconds: 10
      timeoutInSeconds: 5
      toleratedNumberOfFailures: 2
      expectedStatusCodeRanges: [{ min: 200, max: 200 }]
    }
    endpoints: [
      for (endpoint, index) in endpoints: {
        name: endpoint.name
        type: 'Microsoft.Network/trafficManagerProfiles/externalEndpoints'
        properties: {
          target: apps[index].properties.configuration.ingress.fqdn
          endpointStatus: endpoint.enabled ? 'Enabled' : 'Disabled'
          endpointLocation: endpoint.region
          priority: index + 1
          // The apps answer to their own names alone.
          customHeaders: [{ name: 'host', value: apps[index].properties.configuration.ingress.fqdn }]
        }
      }
    ]
  }
}
