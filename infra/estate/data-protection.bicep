metadata description = 'Versions and soft deletion of a storage account that is there already.'

@description('Required. Name of the account.')
param accountName string

@description('Optional. Days for which what is deleted can be brought back.')
@minValue(1)
@maxValue(365)
param keptDays int = 90

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' existing = { name: accountName }

resource account_blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    changeFeed: { enabled: true }
    deleteRetentionPolicy: { enabled: true, days: keptDays }
    containerDeleteRetentionPolicy: { enabled: true, days: keptDays }
  }
}
