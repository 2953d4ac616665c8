metadata description = 'Has requests, exceptions, metrics and events written into a storage account from when they happen.'

@description('Required. Name of the workspace.')
param workspaceName string

@description('Required. The account, in the region of the workspace.')
param accountId string

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = { name: workspaceName }

resource workspace_export 'Microsoft.OperationalInsights/workspaces/dataExports@2025-07-01' = {
  parent: workspace
  name: 'disaster-recovery'
  properties: {
    destination: { resourceId: accountId }
    tableNames: ['AppRequests', 'AppExceptions', 'AppMetrics', 'AppEvents']
    enable: true
  }
}
