using '../../../infra/main.bicep'

// Never deployed: what the deployed parameter files leave at its default, so that every branch of the templates is looked at.
param estate = loadJsonContent('../../../config/estate.sample.json')
param estateFile = 'config/estate.sample.json'
param environmentNames = ['production']

// Has zones and no pair.
param serviceRegion = 'italynorth'
param resourceGroupName = 'every-option'
param backupResourceGroupName = 'every-option-backups'
param functionAppName = 'mcp-dr-every'
param hostAccountName = 'mcpdrhostevery'
param stateAccountName = 'mcpdrstateevery'
param backupAccountName = 'mcpdrbackupevery'
param settingsVaultName = 'mcp-dr-settings-every'
param purgeProtection = true
param hosting = 'ElasticPremium'
param immutabilityLocked = true
param privateNetworking = true
param secureWebhook = {
  audience: '11111111-0000-4000-8000-000000000001'
  tenantId: '7e4a0000-0000-4000-8000-000000000001'
}
param operatorSignIn = {
  clientId: '11111111-0000-4000-8000-000000000002'
  tenantId: '7e4a0000-0000-4000-8000-000000000001'
  audience: 'api://mcp-dr-operators'
}
param alertHostName = 'alerts.example.com'
param dnsResolvers = '1.1.1.1,8.8.8.8,9.9.9.9'
