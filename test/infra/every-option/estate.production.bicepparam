using '../../../infra/estate.bicep'

// Never deployed; see service.production.bicepparam. The caches of this estate are Azure Managed Redis.
var caches = '/subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03/resourceGroups'
param estate = union(loadJsonContent('../../../config/estate.sample.json'), {
  environments: {
    production: {
      redis: {
        primary: '${caches}/mcp-server-prod/providers/Microsoft.Cache/redisEnterprise/mcp-redis-prod'
        secondary: '${caches}/mcp-server-prod-dr/providers/Microsoft.Cache/redisEnterprise/mcp-redis-prod-dr'
        recovery: { managedSize: 'Balanced_B10' }
      }
    }
  }
})
param options = [{ environment: 'production', make: ['groups', 'recovery-cache'] }]
