metadata description = 'One grant: a role of the service at a resource group, or at a resource in it.'

@description('Required. Principal id of the identity that the service runs as.')
param principalId string

@description('Required. The definition of the role.')
param roleDefinitionId string

@description('Required. What it is for.')
@maxLength(1024)
param purpose string

@description('Optional. The type of the resource, in lower case; without it the grant is at the group.')
param type string = ''

@description('Optional. The name of the resource.')
param name string = 'none'

@description('Optional. The GUIDs of the only roles that may be given by it.')
param gives string[] = []

var allowed = join(gives, ', ')
var condition = '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/write\'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${allowed}} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\'}))'
var properties = union(
  {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: roleDefinitionId
    description: purpose
  },
  empty(gives) ? {} : { condition: condition, conditionVersion: '2.0' }
)
var assignmentName = guid(resourceGroup().id, type, name, principalId, roleDefinitionId)

resource atGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (empty(type)) {
  name: assignmentName
  properties: properties
}

resource containerApp 'Microsoft.App/containerApps@2026-01-01' existing = { name: name }
resource atContainerApp 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.app/containerapps') {
  name: assignmentName
  scope: containerApp
  properties: properties
}

resource cache 'Microsoft.Cache/redis@2024-11-01' existing = { name: name }
resource atCache 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.cache/redis') {
  name: assignmentName
  scope: cache
  properties: properties
}

resource managedCache 'Microsoft.Cache/redisEnterprise@2025-07-01' existing = { name: name }
resource atManagedCache 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.cache/redisenterprise') {
  name: assignmentName
  scope: managedCache
  properties: properties
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = { name: name }
resource atVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.keyvault/vaults') {
  name: assignmentName
  scope: vault
  properties: properties
}

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: name }
resource atAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.storage/storageaccounts') {
  name: assignmentName
  scope: account
  properties: properties
}

resource profile 'Microsoft.Network/trafficManagerProfiles@2022-04-01' existing = { name: name }
resource atProfile 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.network/trafficmanagerprofiles') {
  name: assignmentName
  scope: profile
  properties: properties
}

resource edge 'Microsoft.Cdn/profiles@2025-06-01' existing = { name: name }
resource atEdge 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.cdn/profiles') {
  name: assignmentName
  scope: edge
  properties: properties
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = { name: name }
resource atRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.containerregistry/registries') {
  name: assignmentName
  scope: registry
  properties: properties
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = { name: name }
resource atWorkspace 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.operationalinsights/workspaces') {
  name: assignmentName
  scope: workspace
  properties: properties
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = { name: name }
resource atComponent 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (type == 'microsoft.insights/components') {
  name: assignmentName
  scope: component
  properties: properties
}
