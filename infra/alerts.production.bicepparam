using 'alerts.bicep'

// The same estate and names as in production.bicepparam.
param estate = loadJsonContent('../config/estate.sample.json')
param environmentNames = ['production']
param serviceRegion = 'westus'
param functionAppName = 'mcp-dr'
// The hook sets it; it is in no file.
param alertKey = readEnvironmentVariable('ALERT_KEY', '')
param tags = { application: 'enterprise-mcp-dr', stage: 'production' }
