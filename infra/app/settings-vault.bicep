metadata description = 'The vault of what the service keeps out of its estate: keys and addresses of the channels that people are told through.'

@description('Required. Name of the vault, 3 to 24 letters, digits and hyphens, globally unique.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. The region of the service.')
param location string

@description('Required. Whether a deleted vault can be purged before its time. It can never be switched off again.')
param purgeProtection bool

@description('Optional. Whether the vault is reached through a private endpoint alone.')
param privateOnly bool = false

@description('Optional. Tags of the vault.')
param tags object = {}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // False is refused once it was true, so it is left out instead.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: privateOnly ? 'Deny' : 'Allow' }
  }
}

@description('The resource id.')
output id string = vault.id

@description('The address of the vault.')
output uri string = vault.properties.vaultUri
