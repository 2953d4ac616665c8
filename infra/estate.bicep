metadata description = 'What recoveries need in the estate, as options: each is made only where it is asked for. Deployed before the service, whose grants are at these resources.'

targetScope = 'subscription'

import { Option } from 'estate/options.bicep'

@description('Required. The estate: the content of the file that travels in the package.')
param estate object

@description('Required. What is made in which environment.')
param options { environment: 'development' | 'staging' | 'production', make: Option[] }[]

@description('Optional. Whether vaults that are made are protected from purging; a scratch vault never is. It can never be switched off again.')
param purgeProtection bool = false

@description('Optional. The standby app, where one is made.')
param standby { image: string, registryServer: string, identityId: string }?

@description('Optional. The size of a classic cache that is made: not less than that of the one in use.')
@minValue(0)
@maxValue(6)
param cacheCapacity int = 1

@description('Optional. Tags of everything that is made here.')
param tags object = { application: 'enterprise-mcp-dr' }

module environment 'estate/environment.bicep' = [
  for one in options: {
    name: 'estate-${one.environment}'
    scope: subscription(estate.environments[one.environment].subscriptionId)
    params: {
      environment: estate.environments[one.environment]
      make: one.make
      purgeProtection: purgeProtection
      standby: standby
      cacheCapacity: cacheCapacity
      tags: tags
    }
  }
]
