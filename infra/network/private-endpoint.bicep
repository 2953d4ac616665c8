metadata description = 'A private endpoint of a resource, and its name in the zone.'

@description('Required. Name of the endpoint.')
@minLength(2)
@maxLength(64)
param name string

@description('Required. The region of the network.')
param location string

@description('Required. The subnet that it stands in.')
param subnetId string

@description('Required. The resource that is reached.')
param resourceId string

@description('Required. The part of the resource that is reached, such as blob.')
param part string

@description('Required. The private DNS zone, in this resource group.')
param zone string

@description('Optional. Tags of the endpoint.')
param tags object = {}

resource dnsZone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = { name: zone }

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: part, properties: { privateLinkServiceId: resourceId, groupIds: [part] } }
    ]
  }
}

resource endpoint_zone 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: part, properties: { privateDnsZoneId: dnsZone.id } }]
  }
}
