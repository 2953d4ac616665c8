metadata description = 'Lets somebody read the blobs of an account.'

@description('Required. Name of the account.')
param accountName string

@description('Required. Principal id of whoever reads.')
param principalId string

@description('Required. What it is for.')
param purpose string

var storageBlobDataReader = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
)

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: accountName }

resource account_roleAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageBlobDataReader)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: storageBlobDataReader
    description: purpose
  }
}
