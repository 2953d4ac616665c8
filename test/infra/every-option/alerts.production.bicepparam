using '../../../infra/alerts.bicep'

// Never deployed; see service.production.bicepparam.
param estate = loadJsonContent('../../../config/estate.sample.json')
param environmentNames = ['production']
param serviceRegion = 'italynorth'
param resourceGroupName = 'every-option'
param functionAppName = 'mcp-dr-every'
param alertKey = readEnvironmentVariable('ALERT_KEY', '')
param secureWebhook = {
  objectId: '11111111-0000-4000-8000-000000000003'
  identifierUri: 'api://mcp-dr-alerts'
  tenantId: '7e4a0000-0000-4000-8000-000000000001'
}
