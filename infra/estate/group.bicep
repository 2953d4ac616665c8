metadata description = 'A resource group of the secondary side: a group cannot be changed while its region is down.'

targetScope = 'subscription'

@description('Required. Name of the group.')
@minLength(1)
@maxLength(90)
param name string

@description('Required. The region of the recovery side.')
param location string

@description('Optional. Tags of the group.')
param tags object = {}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: name
  location: location
  tags: tags
}
