metadata description = 'The private network of the service: a subnet that its calls leave through, one for private endpoints, and the zones that name them.'

@description('Required. Name of the network.')
@minLength(2)
@maxLength(64)
param name string

@description('Required. The region of the service.')
param location string

@description('Required. Addresses of the network, at least a /24.')
param addresses string

@description('Required. What the service runs on; each kind of plan wants the subnet delegated to another provider.')
@allowed(['FlexConsumption', 'ElasticPremium'])
param hosting string

@description('Required. The private DNS zones, such as privatelink.blob.core.windows.net.')
param zones string[]

@description('Optional. Tags of network and zones.')
param tags object = {}

resource network 'Microsoft.Network/virtualNetworks@2025-01-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addresses] }
    subnets: [
      {
        name: 'service'
        properties: {
          addressPrefix: cidrSubnet(addresses, 26, 0)
          delegations: [
            {
              name: 'service'
              properties: {
                serviceName: hosting == 'FlexConsumption'
                  ? 'Microsoft.App/environments'
                  : 'Microsoft.Web/serverFarms'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: cidrSubnet(addresses, 26, 1) }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for one in zones: {
    name: one
    location: 'global'
    tags: tags
  }
]

resource zone_link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (one, index) in zones: {
    parent: zone[index]
    name: name
    location: 'global'
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
]

@description('The subnet that calls of the service leave through.')
output serviceSubnetId string = '${network.id}/subnets/service'

@description('The subnet of the private endpoints.')
output endpointSubnetId string = '${network.id}/subnets/endpoints'
