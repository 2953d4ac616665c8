metadata description = 'Sends the audit log of a vault to a workspace.'

@description('Required. Name of the vault.')
param vaultName string

@description('Required. The workspace.')
param workspaceId string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = { name: vaultName }

resource vault_audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'disaster-recovery-audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}
