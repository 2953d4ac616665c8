metadata description = 'What is known of regions. The one place that says how data is kept in which.'

// Regions with availability zones. West US has none, and with none there is neither ZRS nor GZRS.
// https://learn.microsoft.com/azure/reliability/regions-list
var regionsWithZones = [
  'australiaeast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'japaneast'
  'koreacentral'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'swedencentral'
  'switzerlandnorth'
  'uaenorth'
  'uksouth'
  'westeurope'
  'westus2'
  'westus3'
]

// Regions without a pair: nothing there is copied to another region by the platform. Most of them have zones.
var regionsWithoutPair = ['westus3', 'southcentralus2']

@export()
@description('How a storage account is replicated: zones where the region has them, else its pair, else neither.')
func redundancyOf(region string) 'Standard_ZRS' | 'Standard_GRS' | 'Standard_LRS' =>
  contains(regionsWithZones, region)
    ? 'Standard_ZRS'
    : contains(regionsWithoutPair, region) ? 'Standard_LRS' : 'Standard_GRS'

@export()
@description('Whether a resource can be spread over the zones of a region.')
func hasZones(region string) bool => contains(regionsWithZones, region)

// As Service Health writes them.
var displayNames = {
  australiaeast: 'Australia East'
  australiasoutheast: 'Australia Southeast'
  brazilsouth: 'Brazil South'
  canadacentral: 'Canada Central'
  canadaeast: 'Canada East'
  centralindia: 'Central India'
  centralus: 'Central US'
  eastasia: 'East Asia'
  eastus: 'East US'
  eastus2: 'East US 2'
  francecentral: 'France Central'
  germanywestcentral: 'Germany West Central'
  japaneast: 'Japan East'
  japanwest: 'Japan West'
  koreacentral: 'Korea Central'
  northcentralus: 'North Central US'
  northeurope: 'North Europe'
  norwayeast: 'Norway East'
  southafricanorth: 'South Africa North'
  southcentralus: 'South Central US'
  southeastasia: 'Southeast Asia'
  southindia: 'South India'
  swedencentral: 'Sweden Central'
  switzerlandnorth: 'Switzerland North'
  uaenorth: 'UAE North'
  uksouth: 'UK South'
  ukwest: 'UK West'
  westcentralus: 'West Central US'
  westeurope: 'West Europe'
  westus: 'West US'
  westus2: 'West US 2'
  westus3: 'West US 3'
}

@export()
@description('The name that people and Service Health know a region by.')
func displayNameOf(region string) string =>
  displayNames[?region] ?? fail('the display name of ${region} is not known; add it to displayNames')
