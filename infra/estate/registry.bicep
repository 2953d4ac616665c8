metadata description = 'The registry of the application: replicated to the recovery side, and keeping images that have lost their tag.'

@description('Required. Name of the registry, 5 to 50 letters and digits, globally unique.')
@minLength(5)
@maxLength(50)
param name string

@description('Required. The region of the registry.')
param location string

@description('Required. The region that it is replicated to.')
param replicaLocation string

@description('Required. Whether that region has zones.')
param replicaZoneRedundant bool

@description('Optional. Days for which an image without a tag is kept.')
@minValue(1)
@maxValue(365)
param retentionDays int = 180

@description('Optional. Tags of the registry.')
param tags object = {}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  // Replication and retention are of Premium alone.
  sku: { name: 'Premium' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    policies: { retentionPolicy: { status: 'enabled', days: retentionDays } }
  }
}

resource registry_replica 'Microsoft.ContainerRegistry/registries/replications@2025-11-01' = {
  parent: registry
  name: replicaLocation
  location: replicaLocation
  tags: tags
  properties: {
    regionEndpointEnabled: true
    zoneRedundancy: replicaZoneRedundant ? 'Enabled' : 'Disabled'
  }
}
