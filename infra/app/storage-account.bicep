metadata description = 'A storage account of the service: no shared key, no public blob, TLS 1.2, versions and soft deletion.'

@description('Required. Name of the account, 3 to 24 lower-case letters and digits, globally unique.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. The region that survives: never the primary region of the estate.')
param location string

@description('Required. How the account is replicated.')
@allowed(['Standard_ZRS', 'Standard_GRS', 'Standard_LRS'])
param sku string

@description('Required. The containers to make.')
param containers string[]

@description('Optional. Which of the containers keeps records, whose blobs nobody can change or delete until their time is over.')
param recordsContainer string?

@description('Optional. For how many days the blobs of that container cannot be changed. The policy is not locked.')
param recordsDays int = 400

@description('Optional. Days for which deleted blobs and containers can be brought back; without it nothing is kept, nor are versions.')
@minValue(1)
@maxValue(365)
param keptDays int?

@description('Optional. Days for which no version of a blob can be changed or deleted. Can be set only when the account is made.')
@minValue(1)
@maxValue(146000)
param immutableDays int?

@description('Optional. Whether the immutability policy is locked. That cannot be undone: it can then only be lengthened.')
param immutabilityLocked bool = false

@description('Optional. Rules of the life cycle, as the provider writes them.')
param lifecycleRules array = []

@description('Optional. Whether the account is reached through private endpoints alone.')
param privateOnly bool = false

@description('Optional. Tags of the account.')
param tags object = {}

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
    immutableStorageWithVersioning: immutableDays == null
      ? null
      : {
          enabled: true
          immutabilityPolicy: {
            immutabilityPeriodSinceCreationInDays: immutableDays!
            state: immutabilityLocked ? 'Locked' : 'Unlocked'
            allowProtectedAppendWrites: false
          }
        }
  }
}

resource account_blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: keptDays == null
    ? {}
    : {
        isVersioningEnabled: true
        deleteRetentionPolicy: { enabled: true, days: keptDays! }
        containerDeleteRetentionPolicy: { enabled: true, days: keptDays! }
      }
}

resource account_blobs_containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [
  for container in containers: {
    parent: account_blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource account_blobs_recordPolicy 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2026-04-01' = if (recordsContainer != null) {
  name: '${name}/default/${recordsContainer ?? 'none'}/default'
  properties: {
    immutabilityPeriodSinceCreationInDays: recordsDays
    allowProtectedAppendWrites: false
  }
  dependsOn: [account_blobs_containers]
}

resource account_lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = if (!empty(lifecycleRules)) {
  parent: account
  name: 'default'
  properties: { policy: { rules: lifecycleRules } }
}

@description('The resource id.')
output id string = account.id

@description('The name.')
output name string = account.name

@description('The blob endpoint.')
output blobEndpoint string = account.properties.primaryEndpoints.blob
