metadata description = 'A standard availability test: an address is called from several places on earth.'

@description('Required. Name of the test.')
@minLength(1)
@maxLength(64)
param name string

@description('Required. The region of the component.')
param location string

@description('Required. The Application Insights component that keeps the results.')
param componentId string

@description('Required. The address.')
param url string

@description('Optional. How it is called.')
@allowed(['GET', 'POST'])
param method string = 'GET'

@description('Optional. What is sent.')
param body string = ''

@description('Optional. The status of a good answer.')
param expectedStatus int = 200

@secure()
@description('Optional. A function key to call it with.')
param key string = ''

@description('Optional. Seconds between calls from a place.')
@allowed([300, 600, 900])
param frequency int = 300

@description('Optional. Tags of the test.')
param tags object = {}

// Five places in three continents: two that fail at once are no accident of the way there.
var places = ['us-va-ash-azr', 'us-il-ch1-azr', 'us-ca-sjc-azr', 'emea-nl-ams-azr', 'apac-sg-sin-azr']

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: name
  location: location
  kind: 'standard'
  tags: union(tags, { 'hidden-link:${componentId}': 'Resource' })
  properties: {
    Name: name
    SyntheticMonitorId: name
    Kind: 'standard'
    Enabled: true
    Frequency: frequency
    Timeout: 30
    RetryEnabled: true
    Locations: [for place in places: { Id: place }]
    Request: {
      RequestUrl: url
      HttpVerb: method
      RequestBody: empty(body) ? null : base64(body)
      Headers: empty(key) ? [] : [{ key: 'x-functions-key', value: key }]
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: expectedStatus
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

@description('The resource id.')
output id string = test.id
