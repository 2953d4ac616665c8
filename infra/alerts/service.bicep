metadata description = 'The alerts of the service itself. They go straight to people: whoever does not answer cannot tell that it does not.'

@description('Required. Name of the function app; the rules are named after it.')
@minLength(3)
@maxLength(48)
param functionAppName string

@description('Required. The Application Insights component of the service.')
param componentId string

@description('Required. The region of the service.')
param location string

@description('Required. The address of the service.')
param serviceAddress string

@secure()
@description('Required. The function key of receiveAlert; empty with the secure webhook.')
param alertKey string

@description('Required. Whether the service asks action groups for tokens instead of the key.')
param asksForTokens bool

@description('Required. The action groups of people: primary and secondary.')
param peopleIds string[]

@description('Required. Whom to call besides when the service is away.')
param escalationId string

@description('Optional. Tags of everything that is made here.')
param tags object = {}

module healthTest 'availability-test.bicep' = {
  params: {
    name: '${functionAppName}-health'
    location: location
    componentId: componentId
    url: '${serviceAddress}/api/health'
    tags: tags
  }
}

// What is no alert is answered by 400, but only to whoever has the key; where tokens are asked for, no test has one.
module webhookTest 'availability-test.bicep' = {
  params: {
    name: '${functionAppName}-webhook'
    location: location
    componentId: componentId
    url: '${serviceAddress}/api/alerts'
    method: 'POST'
    body: '{}'
    key: alertKey
    expectedStatus: asksForTokens ? 401 : 400
    tags: tags
  }
}

module healthRule 'availability-rule.bicep' = {
  params: {
    name: '${functionAppName}-health'
    text: 'The disaster-recovery service does not answer, or cannot work. Until it does, recover by hand: docs/break-glass.md.'
    signal: 'service-health'
    webTestId: healthTest.outputs.id
    componentId: componentId
    severity: 0
    actionGroupIds: concat(peopleIds, [escalationId])
    tags: tags
  }
}

module webhookRule 'availability-rule.bicep' = {
  params: {
    name: '${functionAppName}-webhook'
    text: 'The address that alerts call does not take them: no failure would start a recovery.'
    signal: 'service-webhook'
    webTestId: webhookTest.outputs.id
    componentId: componentId
    severity: 0
    actionGroupIds: concat(peopleIds, [escalationId])
    tags: tags
  }
}

module logRules 'log-rules.bicep' = {
  params: {
    componentId: componentId
    location: location
    actionGroupIds: peopleIds
    tags: tags
    rules: [
      {
        signal: 'service-readiness-silent'
        name: '${functionAppName}-readiness'
        description: 'Nobody has looked for half an hour whether recoveries would work.'
        query: 'requests | where name == "concludeReadiness" and tobool(success) | summarize looks = count() | where looks == 0'
        window: 'PT30M'
        frequency: 'PT5M'
        severity: 1
      }
      {
        signal: 'service-backup-failed'
        name: '${functionAppName}-backups'
        description: 'A backup has failed.'
        query: 'union (traces | where message startswith "run ended" and message has "\\"kind\\":\\"backup\\"" and message has "\\"outcome\\":\\"failed\\""), (requests | where name startswith "backUp" and not(tobool(success)))'
        window: 'PT15M'
        frequency: 'PT5M'
        severity: 1
      }
    ]
  }
}
