metadata description = 'A vault of the estate: the one that stands by for secrets, or the scratch vault that proofs restore into.'

@description('Required. Name of the vault, 3 to 24 letters, digits and hyphens, globally unique.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. The region of the recovery side.')
param location string

@description('Required. Whether a deleted vault or secret can be purged before its time. A scratch vault has to be without it; where it is on, it can never be switched off again.')
param purgeProtection bool

@description('Optional. Days for which what is deleted can be brought back; fixed when the vault is made.')
@minValue(7)
@maxValue(90)
param retentionDays int = 90

@description('Optional. The network rules of the vaults, as the estate writes them.')
param network object = { defaultAction: 'Allow' }

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
    softDeleteRetentionInDays: retentionDays
    // False is refused once it was true, so it is left out instead.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: (network.?publicAccess ?? true) ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: (network.?trustedServices ?? true) ? 'AzureServices' : 'None'
      defaultAction: network.defaultAction
      ipRules: map(network.?addresses ?? [], address => { value: address })
      virtualNetworkRules: map(network.?subnets ?? [], id => { id: id })
    }
  }
}
