metadata description = 'The state store: incidents, leases, claims, run records, reports and evidence as small blobs.'

@description('Required. Name of the storage account, 3 to 24 lower-case letters and digits, globally unique.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. The region that survives: never the primary region of the estate.')
param location string

@description('Required. Redundancy of the account: ZRS where the region has zones, else GRS or LRS.')
@allowed(['Standard_ZRS', 'Standard_GRS', 'Standard_LRS'])
param sku string

@description('Required. Principal id of the identity the service runs as.')
param principalId string

@description('Optional. Days for which evidence is kept; it holds text that the service did not write.')
@minValue(1)
param evidenceRetentionDays int = 30

@description('Optional. Name of the container; the app setting STATE_CONTAINER.')
param containerName string = 'recovery-state'

var storageBlobDataContributor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
)

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource account_blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: 90 }
    containerDeleteRetentionPolicy: { enabled: true, days: 90 }
  }
}

resource account_blobs_state 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: account_blobs
  name: containerName
  properties: { publicAccess: 'None' }
}

resource account_lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'expire-evidence'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['${containerName}/evidence/'] }
            actions: {
              baseBlob: { delete: { daysAfterCreationGreaterThan: evidenceRetentionDays } }
              version: { delete: { daysAfterCreationGreaterThan: evidenceRetentionDays } }
            }
          }
        }
      ]
    }
  }
}

// Incidents, leases, claims and records are read and written by every activity and trigger.
resource account_roleAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageBlobDataContributor)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageBlobDataContributor
  }
}

@description('The blob endpoint; the app setting STATE_BLOB_ENDPOINT.')
output blobEndpoint string = account.properties.primaryEndpoints.blob
