metadata description = 'Links the cache that stands by to the one in use, so that it is a copy of it. What it held is replaced.'

@description('Required. Name of the cache in use.')
param primaryName string

@description('Required. The cache that stands by.')
param secondaryId string

@description('Required. Its region.')
param secondaryLocation string

resource primary 'Microsoft.Cache/redis@2024-11-01' existing = { name: primaryName }

resource primary_link 'Microsoft.Cache/redis/linkedServers@2024-11-01' = {
  parent: primary
  name: last(split(secondaryId, '/'))
  properties: {
    linkedRedisCacheId: secondaryId
    linkedRedisCacheLocation: secondaryLocation
    serverRole: 'Secondary'
  }
}
