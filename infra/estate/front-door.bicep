metadata description = 'The edge before the storage accounts: one origin group with both of them, so that a recovery only has to switch.'

@description('Required. Name of the profile.')
@minLength(1)
@maxLength(260)
param name string

@description('Required. Name of the origin group.')
param originGroupName string

@description('Required. Names of the accounts, the primary first; an origin has a priority from 1 to 5.')
@maxLength(5)
param accountNames string[]

@description('Required. A blob that the origins are asked for, as a path.')
param probePath string

@description('Optional. The tier. Premium is for private links.')
@allowed(['Standard_AzureFrontDoor', 'Premium_AzureFrontDoor'])
param tier string = 'Standard_AzureFrontDoor'

@description('Optional. Tags of the profile.')
param tags object = {}

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: { name: tier }
  // It reads the accounts as itself: their containers stay closed.
  identity: { type: 'SystemAssigned' }
  properties: { originResponseTimeoutSeconds: 30 }
}

resource profile_endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2025-06-01' = {
  parent: profile
  name: name
  location: 'global'
  properties: { enabledState: 'Enabled' }
}

resource profile_group 'Microsoft.Cdn/profiles/originGroups@2025-06-01' = {
  parent: profile
  name: originGroupName
  properties: {
    loadBalancingSettings: { sampleSize: 4, successfulSamplesRequired: 3, additionalLatencyInMilliseconds: 50 }
    healthProbeSettings: {
      probePath: probePath
      probeProtocol: 'Https'
      probeRequestType: 'HEAD'
      probeIntervalInSeconds: 100
    }
    sessionAffinityState: 'Disabled'
    authentication: { type: 'SystemAssignedIdentity', scope: 'https://storage.azure.com/.default' }
  }
}

resource profile_group_origins 'Microsoft.Cdn/profiles/originGroups/origins@2025-06-01' = [
  for (account, index) in accountNames: {
    parent: profile_group
    name: account
    properties: {
      hostName: '${account}.blob.${environment().suffixes.storage}'
      originHostHeader: '${account}.blob.${environment().suffixes.storage}'
      httpsPort: 443
      priority: index + 1
      weight: 1000
      enabledState: 'Enabled'
      enforceCertificateNameCheck: true
    }
  }
]

resource profile_endpoint_route 'Microsoft.Cdn/profiles/afdEndpoints/routes@2025-06-01' = {
  parent: profile_endpoint
  name: 'everything'
  properties: {
    originGroup: { id: profile_group.id }
    supportedProtocols: ['Http', 'Https']
    httpsRedirect: 'Enabled'
    forwardingProtocol: 'HttpsOnly'
    linkToDefaultDomain: 'Enabled'
    patternsToMatch: ['/*']
  }
  dependsOn: [profile_group_origins]
}

@description('Whom the accounts have to let read.')
output principalId string = profile.identity.principalId
