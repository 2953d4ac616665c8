metadata description = 'What is known of the service itself: a workspace and an Application Insights component in its own region.'

@description('Required. Name of the workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Required. Name of the component.')
@maxLength(255)
param componentName string

@description('Required. The region of the service.')
param location string

@description('Optional. Days for which telemetry is kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 90

@description('Optional. Tags of both.')
param tags object = {}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  kind: 'web'
  tags: tags
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

@description('The resource id of the workspace.')
output workspaceId string = workspace.id

@description('The resource id of the component.')
output componentId string = component.id

@description('Where telemetry is sent. It is no secret here: the component takes tokens alone.')
output connectionString string = component.properties.ConnectionString
