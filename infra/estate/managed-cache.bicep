metadata description = 'The cache that stands by: Azure Managed Redis.'

@description('Required. Name of the cluster.')
@minLength(1)
@maxLength(60)
param name string

@description('Required. The secondary region.')
param location string

@description('Optional. Its size, such as Balanced_B5.')
param size string = 'Balanced_B5'

@description('Optional. Tags of the cluster.')
param tags object = {}

resource cluster 'Microsoft.Cache/redisEnterprise@2025-07-01' = {
  name: name
  location: location
  tags: tags
  #disable-next-line BCP036 // sizes come from the estate
  sku: { name: size }
  properties: { minimumTlsVersion: '1.2', highAvailability: 'Enabled', publicNetworkAccess: 'Enabled' }
}

resource cluster_database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' = {
  parent: cluster
  name: 'default'
  properties: {
    clientProtocol: 'Encrypted'
    port: 10000
    clusteringPolicy: 'EnterpriseCluster'
    evictionPolicy: 'VolatileLRU'
    accessKeysAuthentication: 'Enabled'
  }
}
