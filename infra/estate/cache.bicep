metadata description = 'The cache that stands by: Azure Cache for Redis, where Azure still makes one.'

@description('Required. Name of the cache, globally unique.')
@minLength(2)
@maxLength(63)
param name string

@description('Required. The secondary region.')
param location string

@description('Required. The tier of the cache in use; a link needs Premium on both sides.')
@allowed(['Basic', 'Standard', 'Premium'])
param tier string

@description('Optional. Its size: not less than that of the cache in use.')
@minValue(0)
@maxValue(6)
param capacity int = 1

@description('Optional. Tags of the cache.')
param tags object = {}

resource cache 'Microsoft.Cache/redis@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: tier, family: tier == 'Premium' ? 'P' : 'C', capacity: capacity }
    enableNonSslPort: false
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

@description('The resource id.')
output id string = cache.id
