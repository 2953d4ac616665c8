using 'estate.bicep'

// The same estate as in production.bicepparam. Take out what is there already, or what you do not want.
param estate = loadJsonContent('../config/estate.sample.json')
param options = [
  {
    environment: 'production'
    make: [
      'groups'
      'recovery-vault'
      'recovery-account'
      'recovery-cache'
      'standby-identity'
      'standby'
      'traffic-manager'
      'front-door'
      'data-protection'
      'audit'
      'telemetry-export'
      'images'
      'scratch'
    ]
  }
]
param purgeProtection = true
param standby = {
  image: 'mcpregistry.azurecr.io/mcp-server:1.4.1'
  registryServer: 'mcpregistry.azurecr.io'
  identityId: '/subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03/resourceGroups/mcp-server-prod-dr/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mcp-server'
}
param tags = { application: 'enterprise-mcp-dr', stage: 'production' }
