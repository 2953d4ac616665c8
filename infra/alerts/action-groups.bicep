metadata description = 'Whom alerts call: the service itself, and people by contact level.'

@description('Required. Name of the group that calls the service; the groups of people are named after it.')
@minLength(1)
@maxLength(240)
param name string

@description('Required. The contacts of the environment, as the estate writes them.')
param contacts object

@description('Required. The address of the service.')
param serviceAddress string

@secure()
@description('Required. The function key of receiveAlert; empty with the secure webhook.')
param alertKey string

@description('Optional. The secure webhook: the application that Azure Monitor brings a token for.')
param secureWebhook { objectId: string, identifierUri: string, tenantId: string }?

@description('Optional. Tags of the groups.')
param tags object = {}

// Calling codes, none of which begins another one.
var callingCodes = ['1', '27', '31', '32', '33', '34', '39', '41', '43', '44', '45', '46', '47', '48', '49', '55', '61', '64', '65', '81', '82', '91', '351', '353', '358', '420', '852', '971', '972']

var levels = ['primary', 'secondary', 'escalation']

func codeOf(phone string, codes string[]) string =>
  first(filter(codes, code => startsWith(phone, '+${code}'))) ?? fail('no calling code of ${phone} is known; add it to callingCodes')

resource recovery 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take(name, 12)
    webhookReceivers: [
      secureWebhook == null
        ? {
            name: 'recovery'
            serviceUri: '${serviceAddress}/api/alerts?code=${alertKey}'
            useCommonAlertSchema: true
          }
        : {
            name: 'recovery'
            serviceUri: '${serviceAddress}/api/alerts'
            useCommonAlertSchema: true
            useAadAuth: true
            objectId: secureWebhook!.objectId
            identifierUri: secureWebhook!.identifierUri
            tenantId: secureWebhook!.tenantId
          }
    ]
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = [
  for level in levels: {
    name: '${name}-${level}'
    location: 'global'
    tags: tags
    properties: {
      enabled: true
      groupShortName: 'dr-${take(level, 9)}'
      emailReceivers: [
        { name: level, emailAddress: contacts[level].email, useCommonAlertSchema: true }
      ]
      smsReceivers: contains(contacts[level], 'phone')
        ? [
            {
              name: level
              countryCode: codeOf(contacts[level].phone, callingCodes)
              phoneNumber: substring(
                contacts[level].phone,
                1 + length(codeOf(contacts[level].phone, callingCodes))
              )
            }
          ]
        : []
    }
  }
]

@description('The group that calls the service.')
output recoveryId string = recovery.id

@description('The groups of people, in the order primary, secondary, escalation.')
output peopleIds string[] = [for index in range(0, 3): people[index].id]
