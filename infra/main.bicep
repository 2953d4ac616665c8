metadata description = 'The disaster-recovery service of the Enterprise MCP Server, in the region that survives.'

targetScope = 'subscription'

@description('Required. Name of the resource group; it must lie outside the primary region, since its metadata does too.')
param resourceGroupName string

@description('Required. Where the service, its state and its backups stand.')
param serviceRegion string

@description('Required. Name of the state account, 3 to 24 lower-case letters and digits, globally unique.')
param stateAccountName string

@description('Optional. Redundancy of the state account.')
@allowed(['Standard_ZRS', 'Standard_GRS', 'Standard_LRS'])
param stateAccountSku string = 'Standard_GRS'

@description('Required. Principal id of the identity the service runs as.')
param principalId string

resource resourceGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: resourceGroupName
  location: serviceRegion
}

module stateStore 'app/state-store.bicep' = {
  scope: resourceGroup
  params: {
    name: stateAccountName
    location: serviceRegion
    sku: stateAccountSku
    principalId: principalId
  }
}

@description('The blob endpoint; the app setting STATE_BLOB_ENDPOINT.')
output stateBlobEndpoint string = stateStore.outputs.blobEndpoint
