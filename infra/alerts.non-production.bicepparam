using 'alerts.bicep'

// The same estate and names as in non-production.bicepparam.
param estate = loadJsonContent('../config/estate.sample.json')
param environmentNames = ['development', 'staging']
param serviceRegion = 'westus'
param functionAppName = 'mcp-dr-nonprod'
// The hook sets it; it is in no file.
param alertKey = readEnvironmentVariable('ALERT_KEY', '')
param tags = { application: 'enterprise-mcp-dr', stage: 'non-production' }
