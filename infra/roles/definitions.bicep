metadata description = 'The roles of the service, action by action, with the activities that need each. Written by `npm run roles` from src/domain/service-roles.ts.'

@export()
@description('The roles: those made for the service with their actions, and the built-in ones of data planes by their GUIDs.')
var serviceRoles = {
  'container-apps': {
    title: 'Disaster recovery: container apps'
    actions: [
      // observeApp, findActiveVault, findActiveAccount, observeSide
      'Microsoft.App/containerApps/read'
      // startRollForward, startTrafficShift, startVaultMove, startStorageMove, startSideChange
      'Microsoft.App/containerApps/write'
      // startVaultMove
      'Microsoft.App/containerApps/listSecrets/action'
      // captureAppLogs
      'Microsoft.App/containerApps/getAuthToken/action'
      // chooseKnownGood, observeRevision, checkStandbyApp
      'Microsoft.App/containerApps/revisions/read'
      // restartRevision
      'Microsoft.App/containerApps/revisions/restart/action'
      // activateRevision, undoFault
      'Microsoft.App/containerApps/revisions/activate/action'
      // injectFault
      'Microsoft.App/containerApps/revisions/deactivate/action'
      // observeRestart, captureAppLogs
      'Microsoft.App/containerApps/revisions/replicas/read'
      // countRequests
      'Microsoft.Insights/metrics/read'
      // witnessRegion
      'Microsoft.ResourceHealth/availabilityStatuses/read'
    ]
    dataActions: [
      // captureAppLogs
      'Microsoft.App/containerApps/logstream/action'
    ]
  }
  environments: {
    title: 'Disaster recovery: environments of container apps'
    actions: [
      // whoever writes an app has to be allowed to join its environment (not yet run against Azure)
      'Microsoft.App/managedEnvironments/join/action'
    ]
    dataActions: []
  }
  caches: {
    title: 'Disaster recovery: caches'
    actions: [
      // findActiveCache, inspectCache, observeCreation, findMadeCaches
      'Microsoft.Cache/redis/read'
      // startCreation, stopPersistence, persistCache
      'Microsoft.Cache/redis/write'
      // probeCache, copyKeys, writeConnection
      'Microsoft.Cache/redis/listKeys/action'
      // regenerateKey
      'Microsoft.Cache/redis/regenerateKey/action'
      // rebootPrimary
      'Microsoft.Cache/redis/forceReboot/action'
      // startExport
      'Microsoft.Cache/redis/export/action'
      // startImport, beginScratchImport
      'Microsoft.Cache/redis/import/action'
      // inspectStandby, observeLinks, checkReplication
      'Microsoft.Cache/redis/linkedServers/read'
      // startLink
      'Microsoft.Cache/redis/linkedServers/write'
      // startUnlink
      'Microsoft.Cache/redis/linkedServers/delete'
      // protectCache
      'Microsoft.Cache/redis/patchSchedules/read'
      // protectCache
      'Microsoft.Cache/redis/patchSchedules/write'
      // witnessRegion
      'Microsoft.ResourceHealth/availabilityStatuses/read'
    ]
    dataActions: []
  }
  'cache-lists': {
    title: 'Disaster recovery: lists of caches'
    actions: [
      // findMadeCaches
      'Microsoft.Cache/redis/read'
      // findMadeCaches
      'Microsoft.Cache/redisEnterprise/read'
    ]
    dataActions: []
  }
  'managed-caches': {
    title: 'Disaster recovery: Azure Managed Redis'
    actions: [
      // findActiveCache, inspectCache, observeCreation, findMadeCaches
      'Microsoft.Cache/redisEnterprise/read'
      // startCreation
      'Microsoft.Cache/redisEnterprise/write'
      // findActiveCache, inspectCache, observeCreation
      'Microsoft.Cache/redisEnterprise/databases/read'
      // startDatabase
      'Microsoft.Cache/redisEnterprise/databases/write'
      // probeCache, copyKeys, writeConnection
      'Microsoft.Cache/redisEnterprise/databases/listKeys/action'
      // startExport
      'Microsoft.Cache/redisEnterprise/databases/export/action'
      // startImport, beginScratchImport
      'Microsoft.Cache/redisEnterprise/databases/import/action'
      // witnessRegion
      'Microsoft.ResourceHealth/availabilityStatuses/read'
    ]
    dataActions: []
  }
  vaults: {
    title: 'Disaster recovery: vaults'
    actions: [
      // findActiveVault, diagnoseVault, observeVault, checkScratchVault
      'Microsoft.KeyVault/vaults/read'
      // setVaultNetwork, startVaultRecovery, startVaultCreation, protectVault
      'Microsoft.KeyVault/vaults/write'
      // diagnoseVault, findVaultUsers
      'Microsoft.Authorization/roleAssignments/read'
      // auditVault
      'Microsoft.Insights/diagnosticSettings/read'
      // auditVault
      'Microsoft.Insights/diagnosticSettings/write'
      // witnessRegion
      'Microsoft.ResourceHealth/availabilityStatuses/read'
    ]
    dataActions: []
  }
  accounts: {
    title: 'Disaster recovery: storage accounts'
    actions: [
      // findActiveAccount, diagnoseStorage, observeAccount, checkReplication
      'Microsoft.Storage/storageAccounts/read'
      // startAccountCreation, setRedundancy
      'Microsoft.Storage/storageAccounts/write'
      // startStorageFailover
      'Microsoft.Storage/storageAccounts/failover/action'
      // protectAccount, prepareExport
      'Microsoft.Storage/storageAccounts/blobServices/read'
      // protectAccount
      'Microsoft.Storage/storageAccounts/blobServices/write'
      // findStorageUsers
      'Microsoft.Authorization/roleAssignments/read'
      // witnessRegion
      'Microsoft.ResourceHealth/availabilityStatuses/read'
    ]
    dataActions: []
  }
  'data-access': {
    title: 'Disaster recovery: access to data'
    actions: [
      // grantVaultRole, grantStorageRole
      'Microsoft.Authorization/roleAssignments/write'
    ]
    dataActions: []
    gives: ['4633458b-17de-408a-b874-0445c86b69e6', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1']
  }
  traffic: {
    title: 'Disaster recovery: Traffic Manager'
    actions: [
      // observeTraffic, enableEndpoint, disableEndpoint, checkTraffic
      'Microsoft.Network/trafficManagerProfiles/read'
      // enableEndpoint, disableEndpoint
      'Microsoft.Network/trafficManagerProfiles/externalEndpoints/write'
      // the same, where the estate's endpointType is nested
      'Microsoft.Network/trafficManagerProfiles/nestedEndpoints/write'
      // the same, where the estate's endpointType is azure
      'Microsoft.Network/trafficManagerProfiles/azureEndpoints/write'
    ]
    dataActions: []
  }
  edge: {
    title: 'Disaster recovery: edge'
    actions: [
      // observeEdge
      'Microsoft.Cdn/profiles/origingroups/read'
      // observeEdge, pollEdgeOperation
      'Microsoft.Cdn/profiles/origingroups/origins/read'
      // startOriginMove
      'Microsoft.Cdn/profiles/origingroups/origins/write'
      // observeEdge
      'Microsoft.Cdn/profiles/afdendpoints/read'
      // observeEdge
      'Microsoft.Cdn/profiles/afdendpoints/routes/read'
      // startEdgePurge
      'Microsoft.Cdn/profiles/afdendpoints/Purge/action'
      // observeEdge
      'Microsoft.Cdn/profiles/endpoints/read'
      // startOriginMove
      'Microsoft.Cdn/profiles/endpoints/write'
      // observeEdge
      'Microsoft.Cdn/profiles/endpoints/origins/read'
      // startOriginMove
      'Microsoft.Cdn/profiles/endpoints/origins/write'
      // startEdgePurge
      'Microsoft.Cdn/profiles/endpoints/Purge/action'
    ]
    dataActions: []
  }
  images: {
    title: 'Disaster recovery: images'
    actions: [
      // keepImages, checkImages
      'Microsoft.ContainerRegistry/registries/read'
      // keepImages, checkImages
      'Microsoft.ContainerRegistry/registries/replications/read'
      // keepImages, where images without a tag are kept shorter than the estate says; only the port's own tests see that
      'Microsoft.ContainerRegistry/registries/write'
    ]
    dataActions: []
  }
  telemetry: {
    title: 'Disaster recovery: telemetry'
    actions: [
      // captureAppLogs, captureErrorRates, exportTelemetry
      'Microsoft.OperationalInsights/workspaces/query/read'
      // streamTelemetry
      'Microsoft.OperationalInsights/workspaces/read'
      // streamTelemetry
      'Microsoft.OperationalInsights/workspaces/dataExports/read'
      // streamTelemetry
      'Microsoft.OperationalInsights/workspaces/dataExports/write'
      // Azure asks for the right to each table that a query reads (not yet run against Azure)
      'Microsoft.OperationalInsights/workspaces/query/*/read'
    ]
    dataActions: []
  }
  components: {
    title: 'Disaster recovery: Application Insights'
    actions: [
      // streamTelemetry
      'Microsoft.Insights/diagnosticSettings/read'
    ]
    dataActions: []
  }
  alerts: {
    title: 'Disaster recovery: alert rules'
    actions: [
      // checkAlerting
      'Microsoft.Insights/metricAlerts/read'
      // checkAlerting
      'Microsoft.Insights/activityLogAlerts/read'
      // checkAlerting
      'Microsoft.Insights/scheduledQueryRules/read'
      // checkAlerting
      'Microsoft.Insights/actionGroups/read'
    ]
    dataActions: []
  }
  subscription: {
    title: 'Disaster recovery: subscription'
    actions: [
      // diagnoseVault, startVaultRecovery
      'Microsoft.KeyVault/locations/deletedVaults/read'
      // diagnoseVault, where the app uses one that the estate does not name
      'Microsoft.KeyVault/vaults/read'
      // diagnoseStorage, where the app uses one that the estate does not name
      'Microsoft.Storage/storageAccounts/read'
      // chooseVault, checkRecoveryResources
      'Microsoft.KeyVault/checkNameAvailability/read'
      // chooseAccount, checkRecoveryResources
      'Microsoft.Storage/checknameavailability/read'
      // witnessRegion
      'Microsoft.ResourceHealth/events/read'
      // checkRights
      'Microsoft.Authorization/permissions/read'
      // checkReplication, checkTraffic
      'Microsoft.Resources/subscriptions/resourceGroups/read'
      // startVaultRecovery: a vault names the tenant of its subscription, which anybody with a role there may read
      'Microsoft.Resources/subscriptions/read'
      // checkRecoveryResources: a list that leaves out what may not be read
      'Microsoft.Resources/subscriptions/resources/read'
    ]
    dataActions: []
  }
  'vault-data': {
    title: 'Key Vault Secrets Officer'
    // listSecrets, compareVaults, checkSecretParity
    // syncSecrets, compareVaults, writeConnection
    // syncSecrets, writeConnection, overwriteSecrets
    // copySecrets
    // restoreSecrets, proveSecrets
    // restoreSecrets
    // restoreSecrets, clearScratchVault
    // clearScratchVault
    builtIn: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  }
  'blob-data': {
    title: 'Storage Blob Data Contributor'
    // clearScratchContainer, planPruning
    // pruneSet
    // prepareContainers, prepareTarget, prepareExport
    // startExport, startImport
    // copyBlobs, compareBlobs, bringBlobs, saveRecord
    // copyBlobs, bringBlobs, takeLease, saveRecord
    // pruneSet, removeCacheFiles, clearScratchContainer
    builtIn: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  }
  'telemetry-data': {
    title: 'Monitoring Metrics Publisher'
    // saveRecord, concludeReadiness, checkBackups, and every other activity with what it did
    builtIn: '3913510d-42f4-4e42-8a64-420c390055eb'
  }
  'image-data': {
    title: 'AcrPull'
    // keepImages, checkImages
    builtIn: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  }
}
