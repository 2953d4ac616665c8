metadata description = 'What recoveries need in one environment of the estate, by the names that the estate has for it.'

targetScope = 'subscription'

import { groupOf, nameOf, subscriptionOf, typeOf } from '../ids.bicep'
import { hasZones, redundancyOf } from '../regions.bicep'
import { Option } from 'options.bicep'

@description('Required. The environment, as the estate writes it.')
param environment object

@description('Required. What is made.')
param make Option[]

@description('Required. Whether vaults that are made are protected from purging.')
param purgeProtection bool

@description('Optional. The standby app, where one is made.')
param standby { image: string, registryServer: string, identityId: string }?

@description('Required. The size of a classic cache that is made.')
@minValue(0)
@maxValue(6)
param cacheCapacity int

@description('Required. Tags of everything that is made here.')
param tags object

var region = environment.?secondaryRegion ?? environment.recoveryRegion
var vaults = environment.keyVault
var accounts = environment.storage
var caches = environment.redis
var apps = environment.containerApp
var proof = environment.?proof ?? {}
var isClassic = typeOf(caches.?secondary ?? caches.primary) == 'microsoft.cache/redis'
var network = vaults.?network ?? { defaultAction: 'Allow' }
var firstContainer = accounts.?containers[?0] ?? 'branding'
var blobHost = 'blob.${az.environment().suffixes.storage}'

// All that lies in a group of its own beside the primary side's.
var besides = filter(
  [
    vaults.?secondary
    accounts.?secondary
    caches.?secondary
    apps.?secondary
    proof.?scratchVault
    proof.?scratchCache
    environment.?trafficManager.?profile
    environment.?frontDoor.?profile
    environment.?alerting.?actionGroup
  ],
  id => id != null
)
var primaryGroups = map([vaults, accounts, caches, apps], sides => toLower(groupIdOf(sides.primary)))
var groupIds = filter(
  union(map(besides, id => groupIdOf(id!)), []),
  id => !contains(primaryGroups, toLower(id))
)

func groupIdOf(id string) string => '/subscriptions/${subscriptionOf(id)}/resourceGroups/${groupOf(id)}'

module groups 'group.bicep' = [
  for id in contains(make, 'groups') ? groupIds : []: {
    name: 'group-${uniqueString(id)}'
    scope: subscription(subscriptionOf(id))
    params: { name: groupOf(id), location: region, tags: tags }
  }
]

module recoveryVault 'vault.bicep' = if (contains(make, 'recovery-vault')) {
  scope: resourceGroup(subscriptionOf(vaults.secondary), groupOf(vaults.secondary))
  params: {
    name: nameOf(vaults.secondary)
    location: region
    purgeProtection: purgeProtection
    network: network
    tags: tags
  }
  dependsOn: [groups]
}

module scratchVault 'vault.bicep' = if (contains(make, 'scratch') && contains(proof, 'scratchVault')) {
  scope: resourceGroup(subscriptionOf(proof.scratchVault), groupOf(proof.scratchVault))
  params: {
    name: nameOf(proof.scratchVault)
    location: region
    purgeProtection: false
    retentionDays: 7
    network: network
    tags: tags
  }
  dependsOn: [groups]
}

module scratchCache 'cache.bicep' = if (contains(make, 'scratch') && contains(proof, 'scratchCache')) {
  scope: resourceGroup(subscriptionOf(proof.scratchCache), groupOf(proof.scratchCache))
  params: {
    name: nameOf(proof.scratchCache)
    location: region
    tier: 'Premium'
    capacity: cacheCapacity
    tags: tags
  }
  dependsOn: [groups]
}

module recoveryAccount '../app/storage-account.bicep' = if (contains(make, 'recovery-account')) {
  scope: resourceGroup(subscriptionOf(accounts.secondary), groupOf(accounts.secondary))
  params: {
    name: nameOf(accounts.secondary)
    location: region
    sku: redundancyOf(region)
    containers: accounts.?containers ?? ['branding']
    keptDays: 90
    tags: tags
  }
  dependsOn: [groups]
}

module dataProtection 'data-protection.bicep' = if (contains(make, 'data-protection')) {
  scope: resourceGroup(subscriptionOf(accounts.primary), groupOf(accounts.primary))
  params: { accountName: nameOf(accounts.primary) }
}

module recoveryCache 'cache.bicep' = if (contains(make, 'recovery-cache') && isClassic) {
  scope: resourceGroup(subscriptionOf(caches.secondary), groupOf(caches.secondary))
  params: {
    name: nameOf(caches.secondary)
    location: region
    tier: caches.tier
    capacity: cacheCapacity
    tags: tags
  }
  dependsOn: [groups]
}

module cacheLink 'cache-link.bicep' = if (contains(make, 'recovery-cache') && isClassic && caches.tier == 'Premium') {
  scope: resourceGroup(subscriptionOf(caches.primary), groupOf(caches.primary))
  params: {
    primaryName: nameOf(caches.primary)
    secondaryId: recoveryCache!.outputs.id
    secondaryLocation: region
  }
}

module managedCache 'managed-cache.bicep' = if (contains(make, 'recovery-cache') && !isClassic) {
  scope: resourceGroup(subscriptionOf(caches.secondary), groupOf(caches.secondary))
  params: {
    name: nameOf(caches.secondary)
    location: region
    size: caches.?recovery.?managedSize ?? 'Balanced_B5'
    tags: tags
  }
  dependsOn: [groups]
}

// Where the app runs as an identity that is there already, this makes none.
var identityId = standby.?identityId ?? apps.primary

module standbyIdentity '../app/identity.bicep' = if (contains(make, 'standby-identity')) {
  scope: resourceGroup(subscriptionOf(identityId), groupOf(identityId))
  params: { name: nameOf(identityId), location: region, tags: tags }
  dependsOn: [groups]
}

resource standbyUser 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: resourceGroup(subscriptionOf(identityId), groupOf(identityId))
  name: nameOf(identityId)
}

// What the app has to be allowed before its first replica starts.
var standbyRights = contains(make, 'standby')
  ? concat(
      [
        {
          id: vaults.secondary
          builtIn: '4633458b-17de-408a-b874-0445c86b69e6'
          purpose: 'Key Vault Secrets User: the standby app reads its secrets'
        }
        {
          id: accounts.secondary
          builtIn: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
          purpose: 'Storage Blob Data Contributor: the standby app reads and writes its files'
        }
      ],
      contains(environment, 'images')
        ? [
            {
              id: environment.images.registry
              builtIn: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
              purpose: 'AcrPull: the standby app pulls its image'
            }
          ]
        : []
    )
  : []

module standbyGrants '../roles/grant.bicep' = [
  for one in standbyRights: {
    name: 'standby-${uniqueString(one.id, one.builtIn)}'
    scope: resourceGroup(subscriptionOf(one.id), groupOf(one.id))
    params: {
      principalId: standbyUser.properties.principalId
      roleDefinitionId: '/subscriptions/${subscriptionOf(one.id)}/providers/Microsoft.Authorization/roleDefinitions/${one.builtIn}'
      purpose: one.purpose
      type: typeOf(one.id)
      name: nameOf(one.id)
    }
    dependsOn: [standbyIdentity, recoveryVault, recoveryAccount, registry]
  }
]

module standbyApp 'standby.bicep' = if (contains(make, 'standby')) {
  scope: resourceGroup(subscriptionOf(apps.secondary), groupOf(apps.secondary))
  params: {
    environmentName: '${nameOf(apps.secondary)}-environment'
    appName: nameOf(apps.secondary)
    location: region
    zoneRedundant: false
    image: standby!.image
    registryServer: standby!.registryServer
    identityId: standby!.identityId
    minReplicas: apps.?secondaryReplicas ?? 2
    healthPath: apps.?health.?path ?? '/health'
    tags: tags
    variables: [
      { name: 'KEY_VAULT_URL', value: 'https://${nameOf(vaults.secondary)}${az.environment().suffixes.keyvaultDns}/' }
      { name: 'STORAGE_ACCOUNT_URL', value: 'https://${nameOf(accounts.secondary)}.${blobHost}' }
      { name: 'REDIS_CONNECTION_SECRET', value: caches.?connectionSecret ?? 'redis-connection-string' }
    ]
  }
  dependsOn: [groups, standbyIdentity, standbyGrants]
}

module trafficManager 'traffic-manager.bicep' = if (contains(make, 'traffic-manager')) {
  scope: resourceGroup(subscriptionOf(environment.trafficManager.profile), groupOf(environment.trafficManager.profile))
  params: {
    name: nameOf(environment.trafficManager.profile)
    healthPath: apps.?health.?path ?? '/health'
    tags: tags
    endpoints: [
      {
        name: environment.trafficManager.primaryEndpoint
        appId: apps.primary
        region: environment.primaryRegion
        enabled: true
      }
      {
        name: environment.trafficManager.secondaryEndpoint
        appId: apps.secondary
        region: region
        enabled: (environment.trafficManager.?standbyEndpoint ?? 'disabled') == 'enabled'
      }
    ]
  }
  dependsOn: [groups, standbyApp]
}

module frontDoor 'front-door.bicep' = if (contains(make, 'front-door')) {
  scope: resourceGroup(subscriptionOf(environment.frontDoor.profile), groupOf(environment.frontDoor.profile))
  params: {
    name: nameOf(environment.frontDoor.profile)
    originGroupName: environment.frontDoor.originGroup
    accountNames: [nameOf(accounts.primary), nameOf(accounts.secondary)]
    probePath: environment.frontDoor.?asset ?? '/${firstContainer}/tenants.json'
    tags: tags
  }
  dependsOn: [groups]
}

module edgeReads 'blob-reader.bicep' = [
  for id in contains(make, 'front-door') ? [accounts.primary, accounts.secondary] : []: {
    scope: resourceGroup(subscriptionOf(id), groupOf(id))
    params: {
      accountName: nameOf(id)
      principalId: frontDoor!.outputs.principalId
      purpose: 'the edge reads as itself; the containers stay closed'
    }
    dependsOn: [recoveryAccount]
  }
]

module audit 'vault-audit.bicep' = [
  for id in contains(make, 'audit') ? (contains(vaults, 'secondary') ? [vaults.primary, vaults.secondary] : [vaults.primary]) : []: {
    scope: resourceGroup(subscriptionOf(id), groupOf(id))
    params: { vaultName: nameOf(id), workspaceId: environment.applicationInsights.workspace }
    dependsOn: [recoveryVault]
  }
]

module telemetryExport 'telemetry-export.bicep' = if (contains(make, 'telemetry-export')) {
  scope: resourceGroup(
    subscriptionOf(environment.applicationInsights.workspace),
    groupOf(environment.applicationInsights.workspace)
  )
  params: {
    workspaceName: nameOf(environment.applicationInsights.workspace)
    accountId: environment.applicationInsights.export.account
  }
}

module registry 'registry.bicep' = if (contains(make, 'images')) {
  scope: resourceGroup(subscriptionOf(environment.images.registry), groupOf(environment.images.registry))
  params: {
    name: nameOf(environment.images.registry)
    location: environment.primaryRegion
    replicaLocation: region
    replicaZoneRedundant: hasZones(region)
    // A period of days, such as P180D.
    retentionDays: int(replace(replace(environment.images.?retention ?? 'P180D', 'P', ''), 'D', ''))
    tags: tags
  }
}
