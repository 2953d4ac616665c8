metadata description = 'The identity that the service runs as. What it may do stands in roles.bicep.'

@description('Required. Name of the identity.')
@minLength(3)
@maxLength(128)
param name string

@description('Required. The region of the service.')
param location string

@description('Optional. Tags of the identity.')
param tags object = {}

resource userAssignedIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('The resource id.')
output id string = userAssignedIdentity.id

@description('The client id; the app setting AZURE_CLIENT_ID.')
output clientId string = userAssignedIdentity.properties.clientId

@description('The principal id, which roles are given to.')
output principalId string = userAssignedIdentity.properties.principalId
