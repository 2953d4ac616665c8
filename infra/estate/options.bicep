metadata description = 'What can be made in an environment of the estate, or set there.'

@export()
@description('What can be made or set in an environment.')
type Option =
  | 'groups' // the resource groups of the secondary side, in its region; leave it out where they are there
  | 'recovery-vault' // the vault of the secondary side
  | 'recovery-account' // the storage account of the secondary side
  | 'recovery-cache' // the cache of the secondary side; of Premium also the link
  | 'standby-identity' // the identity of the standby app; leave it out where there is one
  | 'standby' // environment, app and Application Insights of the secondary side, and what the app may do there
  | 'traffic-manager' // the profile with both apps as external endpoints
  | 'front-door' // profile, endpoint and origin group with both accounts
  | 'data-protection' // versions and soft deletion of the primary account
  | 'audit' // the audit log of both vaults goes to the workspace
  | 'telemetry-export' // requests, exceptions, metrics and events go to a storage account
  | 'images' // the registry is replicated and keeps images without a tag
  | 'scratch' // vault and cache that proofs restore into
