metadata description = 'The disaster-recovery service of the Enterprise MCP Server, in the region that survives, and on request what its recoveries need in the estate.'

targetScope = 'subscription'

import { serviceRoles } from 'roles/definitions.bicep'
import { redundancyOf } from 'regions.bicep'

@description('Required. The estate that this deployment serves: the content of the file that travels in the package. `npm run check-estate` says what is wrong with it.')
param estate object

@description('Required. The environments of the estate that this deployment serves. Production gets a deployment and an identity of its own.')
param environmentNames ('development' | 'staging' | 'production')[]

@description('Required. The estate file in the package; the app setting ESTATE_FILE.')
param estateFile string

@description('Required. Where the service, its state and its backups stand: never the primary region of an environment that it serves.')
param serviceRegion string

@description('Optional. Resource group of the service; it lies in the service region, since a group cannot be changed while its region is down.')
@minLength(1)
@maxLength(90)
param resourceGroupName string = 'mcp-dr-service'

@description('Optional. Resource group of the backups, apart from whoever may change the service.')
@minLength(1)
@maxLength(90)
param backupResourceGroupName string = 'mcp-dr-backups'

@description('Required. Name of the function app, globally unique: its host name before .azurewebsites.net.')
@minLength(3)
@maxLength(48)
param functionAppName string

@description('Required. Account of the host and its runs, globally unique.')
@minLength(3)
@maxLength(24)
param hostAccountName string

@description('Required. Account of incidents, leases, records and reports, globally unique.')
@minLength(3)
@maxLength(24)
param stateAccountName string

@description('Required. Account of the backups, globally unique.')
@minLength(3)
@maxLength(24)
param backupAccountName string

@description('Required. Vault of what channels keep out of the estate, globally unique.')
@minLength(3)
@maxLength(24)
param settingsVaultName string

@description('Required. Whether vaults that this template makes are protected from purging. It can never be switched off again.')
param purgeProtection bool

@description('Optional. What the service runs on. Elastic Premium is for regions without Flex Consumption; azd does not deploy to it, docs/deploying.md says what does.')
@allowed(['FlexConsumption', 'ElasticPremium'])
param hosting string = 'FlexConsumption'

@description('Optional. Instances that wait for HTTP calls: an alert must not wait for a start.')
@minValue(0)
param alwaysReadyHttp int = 1

@description('Optional. Instances that wait for steps of runs.')
@minValue(0)
param alwaysReadyDurable int = 1

@description('Optional. Days for which what the service deletes or overwrites can be brought back.')
@minValue(1)
@maxValue(365)
param keptDays int = 90

@description('Optional. Days for which evidence is kept; it holds text that the service did not write.')
@minValue(1)
param evidenceDays int = 30

@description('Optional. Days for which earlier versions of leases and claims are kept.')
@minValue(1)
param stateVersionDays int = 14

@description('Optional. Days for which the records of runs cannot be changed or deleted. The policy is not locked; lock it once the number is right.')
param recordsDays int = 400

@description('Optional. Keeps every version of a backup from being changed or deleted for some days. Takes effect only when the account is made.')
param immutableBackups bool = true

@description('Optional. Days for which no version of a backup can be changed or deleted.')
@minValue(1)
@maxValue(146000)
param immutableDays int = 7

@description('Optional. Locks the immutability policy for good. Leave it unlocked until restores have been proven.')
param immutabilityLocked bool = false

@description('Optional. App settings whose value is a secret of the settings vault, such as NOTIFICATION_WEBHOOK_KEY: the secret has the same name in lower case, with hyphens.')
param settingsFromVault string[] = []

@description('Optional. The secure webhook: whose tokens open the address of the alerts. Without it a function key does.')
param secureWebhook { audience: string, tenantId: string }?

@description('Optional. The application that operators sign in to. Their calls then need its token and the function key; without it the key alone.')
param operatorSignIn { clientId: string, tenantId: string, audience: string }?

@description('Optional. The host that action groups call, where it is not the function app itself.')
param alertHostName string = ''

@description('Optional. Reaches accounts and vaults through private endpoints alone. The address of the alerts stays public: action groups have no other way.')
param privateNetworking bool = false

@description('Optional. Addresses of the private network, at least a /24.')
param networkAddresses string = '10.79.0.0/24'

@description('Optional. Name servers that tell where users are led; empty for those of the system.')
param dnsResolvers string = ''

@description('Optional. Days for which the telemetry of the service is kept.')
@minValue(30)
@maxValue(730)
param telemetryDays int = 90

@description('Optional. Tags of everything that is made here.')
param tags object = { application: 'enterprise-mcp-dr' }

var stateContainer = 'recovery-state'
var recordsContainer = 'recovery-records'
var backupContainer = 'backups'
var packageContainer = 'package'

resource resourceGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: resourceGroupName
  location: serviceRegion
  tags: tags
}

resource backupResourceGroup 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: backupResourceGroupName
  location: serviceRegion
  tags: tags
}

module identity 'app/identity.bicep' = {
  scope: resourceGroup
  params: { name: functionAppName, location: serviceRegion, tags: tags }
}

module monitoring 'app/monitoring.bicep' = {
  scope: resourceGroup
  params: {
    workspaceName: '${functionAppName}-logs'
    componentName: '${functionAppName}-insights'
    location: serviceRegion
    retentionDays: telemetryDays
    tags: tags
  }
}

module hostAccount 'app/storage-account.bicep' = {
  scope: resourceGroup
  params: {
    name: hostAccountName
    location: serviceRegion
    sku: redundancyOf(serviceRegion)
    containers: [packageContainer]
    privateOnly: privateNetworking
    tags: tags
  }
}

module stateAccount 'app/storage-account.bicep' = {
  scope: resourceGroup
  params: {
    name: stateAccountName
    location: serviceRegion
    sku: redundancyOf(serviceRegion)
    containers: [stateContainer, recordsContainer]
    recordsContainer: recordsContainer
    recordsDays: recordsDays
    keptDays: keptDays
    privateOnly: privateNetworking
    tags: tags
    lifecycleRules: [
      {
        name: 'expire-evidence'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['${stateContainer}/evidence/'] }
          actions: {
            baseBlob: { delete: { daysAfterCreationGreaterThan: evidenceDays } }
            version: { delete: { daysAfterCreationGreaterThan: evidenceDays } }
          }
        }
      }
      {
        // Leases and claims are written again and again; each writing leaves a version.
        name: 'expire-versions'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['${stateContainer}/leases/', '${stateContainer}/claims/'] }
          actions: { version: { delete: { daysAfterCreationGreaterThan: stateVersionDays } } }
        }
      }
    ]
  }
}

module backupAccount 'app/storage-account.bicep' = {
  scope: backupResourceGroup
  params: {
    name: backupAccountName
    location: serviceRegion
    sku: redundancyOf(serviceRegion)
    containers: [backupContainer]
    keptDays: keptDays
    immutableDays: immutableBackups ? immutableDays : null
    immutabilityLocked: immutabilityLocked
    privateOnly: privateNetworking
    tags: tags
    // What the service has pruned lives on as earlier versions; they go when they can no longer be wanted.
    lifecycleRules: [
      {
        name: 'expire-versions'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: { blobTypes: ['blockBlob'] }
          actions: { version: { delete: { daysAfterCreationGreaterThan: keptDays } } }
        }
      }
    ]
  }
}

module settingsVault 'app/settings-vault.bicep' = {
  scope: resourceGroup
  params: {
    name: settingsVaultName
    location: serviceRegion
    purgeProtection: purgeProtection
    privateOnly: privateNetworking
    tags: tags
  }
}

var settingNames = [
  'NOTIFICATION_WEBHOOK_KEY'
  'NOTIFICATION_TEAMS_ADDRESS'
  'NOTIFICATION_SLACK_ADDRESS'
  'NOTIFICATION_PAGERDUTY_KEY'
  'NOTIFICATION_SMTP_PASSWORD'
]
var secretSettings = toObject(
  union(settingNames, settingsFromVault),
  name => name,
  name =>
    contains(settingsFromVault, name)
      ? '@Microsoft.KeyVault(SecretUri=${settingsVault.outputs.uri}secrets/${toLower(replace(name, '_', '-'))})'
      : ''
)

// What the service is granted at its own resources; what it is granted in the estate stands in roles.bicep.
var ownGrants = [
  {
    // The host: leases of timers, the task hub, and the package that it runs.
    builtIn: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
    purpose: 'Storage Blob Data Owner: the host and its runs'
    group: resourceGroupName
    type: 'microsoft.storage/storageaccounts'
    name: hostAccountName
  }
  {
    builtIn: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
    purpose: 'Storage Queue Data Contributor: the queues of the task hub'
    group: resourceGroupName
    type: 'microsoft.storage/storageaccounts'
    name: hostAccountName
  }
  {
    builtIn: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
    purpose: 'Storage Table Data Contributor: history and instances of the task hub'
    group: resourceGroupName
    type: 'microsoft.storage/storageaccounts'
    name: hostAccountName
  }
  {
    builtIn: serviceRoles['blob-data'].builtIn
    purpose: 'Storage Blob Data Contributor: incidents, leases, claims and records of every activity and trigger'
    group: resourceGroupName
    type: 'microsoft.storage/storageaccounts'
    name: stateAccountName
  }
  {
    builtIn: serviceRoles['blob-data'].builtIn
    purpose: 'Storage Blob Data Contributor: sets, copies, manifests and proofs'
    group: backupResourceGroupName
    type: 'microsoft.storage/storageaccounts'
    name: backupAccountName
  }
  {
    builtIn: serviceRoles['telemetry-data'].builtIn
    purpose: 'Monitoring Metrics Publisher: host and service send telemetry, and the component takes no keys'
    group: resourceGroupName
    type: 'microsoft.insights/components'
    name: '${functionAppName}-insights'
  }
  {
    builtIn: '4633458b-17de-408a-b874-0445c86b69e6'
    purpose: 'Key Vault Secrets User: keys and addresses of channels, by references of app settings'
    group: resourceGroupName
    type: 'microsoft.keyvault/vaults'
    name: settingsVaultName
  }
]

module ownGrant 'roles/grant.bicep' = [
  for one in ownGrants: {
    name: 'grant-${uniqueString(one.name, one.builtIn)}'
    scope: az.resourceGroup(one.group)
    params: {
      principalId: identity.outputs.principalId
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', one.builtIn)
      purpose: one.purpose
      type: one.type
      name: one.name
    }
    dependsOn: [hostAccount, stateAccount, backupAccount, monitoring, settingsVault]
  }
]

module roles 'roles.bicep' = [
  for name in environmentNames: {
    name: 'roles-${name}'
    scope: subscription(estate.environments[name].subscriptionId)
    params: {
      environment: estate.environments[name]
      environmentName: name
      principalId: identity.outputs.principalId
    }
  }
]

module functionApp 'app/function-app.bicep' = {
  scope: resourceGroup
  params: {
    name: functionAppName
    planName: '${functionAppName}-plan'
    location: serviceRegion
    hosting: hosting
    identity: { id: identity.outputs.id, clientId: identity.outputs.clientId }
    hostStorage: {
      name: hostAccount.outputs.name
      blobEndpoint: hostAccount.outputs.blobEndpoint
      packageContainer: packageContainer
    }
    connectionString: monitoring.outputs.connectionString
    subnetId: privateNetwork.?outputs.serviceSubnetId ?? ''
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyDurable: alwaysReadyDurable
    operatorSignIn: operatorSignIn
    tags: tags
    // Every setting that src/config/settings.ts reads; a test compares the names.
    settings: union(
      {
        ESTATE_FILE: estateFile
        STATE_BLOB_ENDPOINT: stateAccount.outputs.blobEndpoint
        STATE_CONTAINER: stateContainer
        RECORDS_CONTAINER: recordsContainer
        BACKUP_BLOB_ENDPOINT: backupAccount.outputs.blobEndpoint
        BACKUP_CONTAINER: backupContainer
        AZURE_CLIENT_ID: identity.outputs.clientId
        ARM_ENDPOINT: trimmed(environment().resourceManager)
        ARM_AUDIENCE: trimmed(environment().resourceManager)
        LOGS_ENDPOINT: 'https://api.loganalytics.io'
        LOGS_AUDIENCE: 'https://api.loganalytics.io'
        STORAGE_AUDIENCE: 'https://storage.azure.com'
        REGISTRY_AUDIENCE: 'https://containerregistry.azure.net'
        PLATFORM_AUTHENTICATION: operatorSignIn == null ? 'none' : 'entra'
        AUTHORITY_HOST: trimmed(environment().authentication.loginEndpoint)
        ALERT_TOKEN_AUDIENCE: secureWebhook.?audience ?? ''
        ALERT_TOKEN_TENANT: secureWebhook.?tenantId ?? ''
        ALERT_TOKEN_APPLICATION: '461e8683-5575-4561-ac7f-899cc907d62a'
        ALERT_TOKEN_ROLE: 'ActionGroupsSecureWebhook'
        ALERT_HOSTNAME: alertHostName
        DNS_RESOLVERS: dnsResolvers
        DNS_AUTHORITATIVE: ''
        CALL_TIME_LIMIT_SECONDS: '20'
        PROBE_TIME_LIMIT_SECONDS: '5'
      },
      secretSettings
    )
  }
}

var storageSuffix = environment().suffixes.storage
var zoneOf = {
  blob: 'privatelink.blob.${storageSuffix}'
  queue: 'privatelink.queue.${storageSuffix}'
  table: 'privatelink.table.${storageSuffix}'
  vault: 'privatelink.vaultcore.azure.net'
}

module privateNetwork 'network/private-network.bicep' = if (privateNetworking) {
  scope: resourceGroup
  params: {
    name: '${functionAppName}-network'
    location: serviceRegion
    addresses: networkAddresses
    hosting: hosting
    zones: map(items(zoneOf), one => one.value)
    tags: tags
  }
}

var reached = [
  { name: 'host-blob', resourceId: hostAccount.outputs.id, part: 'blob' }
  { name: 'host-queue', resourceId: hostAccount.outputs.id, part: 'queue' }
  { name: 'host-table', resourceId: hostAccount.outputs.id, part: 'table' }
  { name: 'state-blob', resourceId: stateAccount.outputs.id, part: 'blob' }
  { name: 'backup-blob', resourceId: backupAccount.outputs.id, part: 'blob' }
  { name: 'settings-vault', resourceId: settingsVault.outputs.id, part: 'vault' }
]

@batchSize(1)
module privateEndpoint 'network/private-endpoint.bicep' = [
  for index in range(0, privateNetworking ? 6 : 0): {
    scope: resourceGroup
    params: {
      name: '${functionAppName}-${reached[index].name}'
      location: serviceRegion
      subnetId: privateNetwork!.outputs.endpointSubnetId
      resourceId: reached[index].resourceId
      part: reached[index].part
      zone: zoneOf[reached[index].part]
      tags: tags
    }
  }
]

// Scheme and host, without the slash that the environment puts behind them.
func trimmed(url string) string => join(take(split(url, '/'), 3), '/')

@description('The address of the service.')
output SERVICE_ADDRESS string = 'https://${functionApp.outputs.hostName}'

@description('The resource group of the service, in which azd looks for the function app.')
output AZURE_RESOURCE_GROUP string = resourceGroup.name

@description('The resource group of the service.')
output SERVICE_RESOURCE_GROUP string = resourceGroup.name

@description('The function app.')
output SERVICE_FUNCTION_APP string = functionAppName

@description('The estate file that the settings name; what is packaged has to be the same.')
output SERVICE_ESTATE_FILE string = estateFile

@description('Whom the tokens of operators are for; empty without sign-in.')
output SERVICE_SIGN_IN_AUDIENCE string = operatorSignIn.?audience ?? ''

@description('Principal id of the identity that the service runs as.')
output SERVICE_PRINCIPAL_ID string = identity.outputs.principalId
