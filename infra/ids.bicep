metadata description = 'Parts of resource ids, as the estate writes them.'

@export()
@description('The subscription that a resource lies in.')
func subscriptionOf(id string) string => split(id, '/')[2]

@export()
@description('The resource group that a resource lies in.')
func groupOf(id string) string => split(id, '/')[4]

@export()
@description('The type of a resource, in lower case.')
func typeOf(id string) string => toLower('${split(id, '/')[6]}/${split(id, '/')[7]}')

@export()
@description('The name of a resource.')
func nameOf(id string) string => last(split(id, '/'))
