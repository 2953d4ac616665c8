using 'estate.bicep'

// The same estate as in non-production.bicepparam. Take out what is there already, or what you do not want.
param estate = loadJsonContent('../config/estate.sample.json')
param options = [
  { environment: 'development', make: ['data-protection'] }
  {
    environment: 'staging'
    make: ['groups', 'recovery-vault', 'recovery-account', 'recovery-cache', 'traffic-manager', 'front-door', 'data-protection', 'scratch']
  }
]
param tags = { application: 'enterprise-mcp-dr', stage: 'non-production' }
