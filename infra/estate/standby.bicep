metadata description = 'The standby of the application: an environment of container apps in the secondary region, the app, and its Application Insights.'

@description('Required. Name of the environment of container apps.')
@minLength(2)
@maxLength(60)
param environmentName string

@description('Required. Name of the app.')
@minLength(2)
@maxLength(32)
param appName string

@description('Required. The secondary region.')
param location string

@description('Required. Whether the region has zones to spread the environment over.')
param zoneRedundant bool

@description('Required. The image that the app runs, which the recovery side can pull while the primary region is down.')
param image string

@description('Required. Server of the registry, such as mcpregistry.azurecr.io.')
param registryServer string

@description('Required. The identity of the app: it pulls the image and uses vault and account.')
param identityId string

@description('Required. Environment variables of the app; KEY_VAULT_URL and STORAGE_ACCOUNT_URL name its own side.')
param variables { name: string, value: string }[]

@description('Optional. The port that the app listens on.')
param targetPort int = 8080

@description('Optional. Replicas that wait. With none the first user waits for a start.')
@minValue(0)
param minReplicas int = 2

@description('Optional. The most replicas.')
@minValue(1)
param maxReplicas int = 10

@description('Optional. Processors of a replica.')
param cpu string = '0.5'

@description('Optional. Memory of a replica.')
param memory string = '1Gi'

@description('Optional. Where the app is asked how it is.')
param healthPath string = '/health'

@description('Optional. Tags of everything that is made here.')
param tags object = {}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: '${appName}-logs'
  location: location
  tags: tags
  properties: { sku: { name: 'PerGB2018' }, retentionInDays: 90 }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: '${appName}-insights'
  location: location
  kind: 'web'
  tags: tags
  properties: { Application_Type: 'web', WorkspaceResourceId: workspace.id }
}

resource environment 'Microsoft.App/managedEnvironments@2026-01-01' = {
  name: environmentName
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: { destination: 'azure-monitor' }
    zoneRedundant: zoneRedundant
  }
}

resource environment_logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: environment
  properties: {
    workspaceId: workspace.id
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

resource app 'Microsoft.App/containerApps@2026-01-01' = {
  name: appName
  location: location
  tags: tags
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    environmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: { external: true, targetPort: targetPort, transport: 'auto', allowInsecure: false }
      registries: [{ server: registryServer, identity: identityId }]
    }
    template: {
      containers: [
        {
          name: 'mcp-server'
          image: image
          resources: { cpu: json(cpu), memory: memory }
          env: concat(variables, [
            {
              name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
              value: component.properties.ConnectionString
            }
          ])
          probes: [
            {
              type: 'Readiness'
              httpGet: { path: healthPath, port: targetPort, scheme: 'HTTP' }
              periodSeconds: 10
            }
          ]
        }
      ]
      scale: { minReplicas: minReplicas, maxReplicas: maxReplicas }
    }
  }
}
