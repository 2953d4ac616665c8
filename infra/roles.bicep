metadata description = 'What the service may do in one environment: its roles, and each where it is needed and nowhere else. src/domain/service-roles.ts says the same; a test compares them.'

targetScope = 'subscription'

import { serviceRoles } from 'roles/definitions.bicep'
import { groupOf, nameOf, subscriptionOf, typeOf } from 'ids.bicep'

@description('Required. The environment, as the estate writes it.')
param environment object

@description('Required. The name of the environment; names of roles are unique in a tenant.')
param environmentName string

@description('Required. Principal id of the identity that the service runs as.')
param principalId string


func groupIdOf(id string) string => '/subscriptions/${subscriptionOf(id)}/resourceGroups/${groupOf(id)}'

func bothOf(sides object) string[] => contains(sides, 'secondary') ? [sides.primary, sides.secondary] : [sides.primary]

func besideOf(sides object) string => groupIdOf(sides.?secondary ?? sides.primary)

func cacheRoleOf(id string) string => typeOf(id) == 'microsoft.cache/redis' ? 'caches' : 'managed-caches'

func at(role string, scopes string[]) object[] => map(scopes, scope => { role: role, scope: scope })

var caches = environment.redis
var proof = environment.?proof ?? {}
var scratchVault = contains(proof, 'scratchVault') ? [proof.scratchVault] : []
var scratchCache = contains(proof, 'scratchCache') ? [proof.scratchCache] : []
var staging = contains(caches, 'staging') ? [caches.staging] : []
var registries = contains(environment, 'images')
  ? concat(
      [environment.images.registry],
      contains(environment.images, 'recoveryRegistry') ? [environment.images.recoveryRegistry] : []
    )
  : []
var alerting = contains(environment, 'alerting')
  ? map(concat([environment.alerting.actionGroup], environment.alerting.rules), id => groupIdOf(id))
  : []
var component = environment.applicationInsights.component

var wanted = union(
  // What a recovery makes lies beside the last side, and is used like the rest as soon as it is there.
  at('caches', [besideOf(caches)]),
  at('managed-caches', [besideOf(caches)]),
  at('accounts', [besideOf(environment.storage)]),
  // A deleted vault takes the grants at it along, so they hold at its group.
  at('vaults', map(bothOf(environment.keyVault), id => groupIdOf(id))),
  at('data-access', concat(map(bothOf(environment.keyVault), id => groupIdOf(id)), [besideOf(environment.storage)])),
  at('environments', map(bothOf(environment.containerApp), id => groupIdOf(id))),
  at('alerts', alerting),
  // A cache that an earlier run made may lie beside either side.
  at('cache-lists', contains(caches, 'secondary') ? [groupIdOf(caches.primary)] : []),
  // Without the workspace's name it is looked for beside the component.
  at('telemetry', [environment.applicationInsights.?workspace ?? groupIdOf(component)]),
  at('container-apps', bothOf(environment.containerApp)),
  map(concat([caches.primary], scratchCache), id => { role: cacheRoleOf(id), scope: id }),
  at('accounts', concat([environment.storage.primary], staging)),
  at('vaults', scratchVault),
  at('traffic', contains(environment, 'trafficManager') ? [environment.trafficManager.profile] : []),
  at('edge', contains(environment, 'frontDoor') ? [environment.frontDoor.profile] : []),
  at('components', [component]),
  at('images', registries),
  at('image-data', registries),
  at('vault-data', concat(bothOf(environment.keyVault), scratchVault)),
  at('blob-data', concat(bothOf(environment.storage), staging))
)
// What lies below a group that has the role is not granted it again.
var grants = filter(
  wanted,
  grant =>
    length(split(grant.scope, '/')) == 5 || !contains(wanted, { role: grant.role, scope: groupIdOf(grant.scope) })
)

var made = filter(items(serviceRoles), role => !contains(role.value, 'builtIn'))
var subscriptions = union([subscription().id], map(grants, grant => '/subscriptions/${subscriptionOf(grant.scope)}'))

resource definition 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for role in made: {
    name: guid(subscription().id, environmentName, role.key)
    properties: {
      roleName: '${role.value.title} (${environmentName})'
      description: 'What the disaster-recovery service does there; docs/permissions.md says why.'
      type: 'CustomRole'
      permissions: [{ actions: role.value.actions, dataActions: role.value.dataActions }]
      assignableScopes: subscriptions
    }
  }
]

resource atSubscription 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, environmentName, 'subscription', principalId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      guid(subscription().id, environmentName, 'subscription')
    )
    description: serviceRoles.subscription.title
  }
  dependsOn: [definition]
}

module grant 'roles/grant.bicep' = [
  for one in grants: {
    name: 'grant-${uniqueString(one.scope, one.role, principalId)}'
    scope: resourceGroup(subscriptionOf(one.scope), groupOf(one.scope))
    params: {
      principalId: principalId
      roleDefinitionId: '/subscriptions/${subscriptionOf(one.scope)}/providers/Microsoft.Authorization/roleDefinitions/${serviceRoles[one.role].?builtIn ?? guid(subscription().id, environmentName, one.role)}'
      purpose: serviceRoles[one.role].title
      type: length(split(one.scope, '/')) == 5 ? '' : typeOf(one.scope)
      name: length(split(one.scope, '/')) == 5 ? 'none' : nameOf(one.scope)
      gives: serviceRoles[one.role].?gives ?? []
    }
    dependsOn: [definition]
  }
]
