using 'main.bicep'

// Write your estate, load it here and name the same file as estateFile; `npm run check-estate` reads it.
param estate = loadJsonContent('../config/estate.sample.json')
param estateFile = 'config/estate.sample.json'
param environmentNames = ['development', 'staging']

param serviceRegion = 'westus'
param functionAppName = 'mcp-dr-nonprod'
param hostAccountName = 'mcpdrhostnonprod'
param stateAccountName = 'mcpdrstatenonprod'
param backupAccountName = 'mcpdrbackupnonprod'
param settingsVaultName = 'mcp-dr-settings-nonprod'
param purgeProtection = false

// A failure outside of production can wait for a start.
param alwaysReadyHttp = 0
param alwaysReadyDurable = 0
param keptDays = 30
param immutableBackups = false

param settingsFromVault = ['NOTIFICATION_WEBHOOK_KEY']
param tags = { application: 'enterprise-mcp-dr', stage: 'non-production' }
