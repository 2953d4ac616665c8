using 'main.bicep'

// Write your estate, load it here and name the same file as estateFile; `npm run check-estate` reads it.
param estate = loadJsonContent('../config/estate.sample.json')
param estateFile = 'config/estate.sample.json'
param environmentNames = ['production']

param serviceRegion = 'westus'
param functionAppName = 'mcp-dr'
param hostAccountName = 'mcpdrhost'
param stateAccountName = 'mcpdrstate'
param backupAccountName = 'mcpdrbackup'
param settingsVaultName = 'mcp-dr-settings'
param purgeProtection = true

param settingsFromVault = ['NOTIFICATION_WEBHOOK_KEY']
param tags = { application: 'enterprise-mcp-dr', stage: 'production' }
