metadata description = 'The function app: Flex Consumption, or Elastic Premium where Flex is missing.'

@description('Required. Name of the app, which is its host name before .azurewebsites.net and so globally unique.')
@minLength(2)
@maxLength(60)
param name string

@description('Required. Name of the plan.')
@minLength(1)
@maxLength(60)
param planName string

@description('Required. The region of the service.')
param location string

@description('Required. What it runs on.')
@allowed(['FlexConsumption', 'ElasticPremium'])
param hosting string

@description('Required. The identity that it runs as.')
param identity { id: string, clientId: string }

@description('Required. The account of the host and of the runs.')
param hostStorage { name: string, blobEndpoint: string, packageContainer: string }

@description('Required. Where telemetry is sent.')
param connectionString string

@description('Required. The app settings of the service, besides those of the platform.')
param settings object

@description('Optional. Instances that wait for HTTP calls: an alert must not wait for a start.')
@minValue(0)
param alwaysReadyHttp int = 1

@description('Optional. Instances that wait for steps of runs.')
@minValue(0)
param alwaysReadyDurable int = 1

@description('Optional. The most instances that there ever are; one alert makes one run, so it takes few.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Optional. Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('Optional. The subnet that calls leave through; without it they leave through the public network.')
param subnetId string = ''

@description('Optional. The application that operators sign in to, besides the function key.')
param operatorSignIn { clientId: string, tenantId: string, audience: string }?

@description('Optional. Tags of plan and app.')
param tags object = {}

var isFlex = hosting == 'FlexConsumption'
var packageUrl = '${hostStorage.blobEndpoint}${hostStorage.packageContainer}'

var hostSettings = {
  // The host's own storage and the task hub, as the identity: no key is known anywhere.
  AzureWebJobsStorage__accountName: hostStorage.name
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.clientId}'
  // No other credential is tried when the identity is not ready yet.
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
}

// Flex takes these from functionAppConfig and refuses them as settings.
var premiumSettings = {
  FUNCTIONS_EXTENSION_VERSION: '~4'
  FUNCTIONS_WORKER_RUNTIME: 'node'
  WEBSITE_RUN_FROM_PACKAGE: '${packageUrl}/package.zip'
  WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: identity.id
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: isFlex ? 'functionapp' : 'elastic'
  sku: isFlex ? { tier: 'FlexConsumption', name: 'FC1' } : { tier: 'ElasticPremium', name: 'EP1' }
  properties: isFlex ? { reserved: true } : { reserved: true, maximumElasticWorkerCount: 3 }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  // azd finds by this tag what it deploys to.
  tags: union(tags, { 'azd-service-name': 'recovery' })
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Action groups call from the public network.
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: isFlex
      ? {
          deployment: {
            storage: {
              type: 'blobContainer'
              value: packageUrl
              authentication: {
                type: 'UserAssignedIdentity'
                userAssignedIdentityResourceId: identity.id
              }
            }
          }
          runtime: { name: 'node', version: '22' }
          scaleAndConcurrency: {
            instanceMemoryMB: instanceMemory
            maximumInstanceCount: maximumInstances
            // None is said by leaving a group out.
            alwaysReady: filter(
              [
                { name: 'http', instanceCount: alwaysReadyHttp }
                { name: 'durable', instanceCount: alwaysReadyDurable }
              ],
              group => group.instanceCount > 0
            )
          }
        }
      : null
    siteConfig: union(
      { minTlsVersion: '1.2', scmMinTlsVersion: '1.2', ftpsState: 'Disabled', http20Enabled: true },
      isFlex ? {} : { linuxFxVersion: 'NODE|22', minimumElasticInstanceCount: 1 }
    )
  }
}

resource app_settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(hostSettings, isFlex ? {} : premiumSettings, settings)
}

// Keys of the deployment endpoints are no identity: only tokens open them.
resource app_ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource app_scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

// Calls without a token go through to the function keys, because action groups bring none.
resource app_signIn 'Microsoft.Web/sites/config@2025-03-01' = if (operatorSignIn != null) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: { unauthenticatedClientAction: 'AllowAnonymous' }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: operatorSignIn!.clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${operatorSignIn!.tenantId}/v2.0'
        }
        validation: { allowedAudiences: [operatorSignIn!.audience] }
      }
    }
    login: { tokenStore: { enabled: false } }
  }
}

@description('The resource id.')
output id string = app.id

@description('The host name, which action groups call.')
output hostName string = app.properties.defaultHostName
