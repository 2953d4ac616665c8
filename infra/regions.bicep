metadata description = 'What is known of regions. The one place that says how data is kept in which.'

// As Service Health writes them. https://learn.microsoft.com/azure/reliability/regions-list
// With availability zones, paired or not: those without a pair all have zones.
var regionsWithZones = {
  australiaeast: 'Australia East'
  austriaeast: 'Austria East'
  belgiumcentral: 'Belgium Central'
  brazilsouth: 'Brazil South'
  canadacentral: 'Canada Central'
  centralindia: 'Central India'
  centralus: 'Central US'
  chilecentral: 'Chile Central'
  denmarkeast: 'Denmark East'
  eastasia: 'East Asia'
  eastus: 'East US'
  eastus2: 'East US 2'
  francecentral: 'France Central'
  germanywestcentral: 'Germany West Central'
  indonesiacentral: 'Indonesia Central'
  israelcentral: 'Israel Central'
  italynorth: 'Italy North'
  japaneast: 'Japan East'
  japanwest: 'Japan West'
  koreacentral: 'Korea Central'
  malaysiawest: 'Malaysia West'
  mexicocentral: 'Mexico Central'
  newzealandnorth: 'New Zealand North'
  northeurope: 'North Europe'
  norwayeast: 'Norway East'
  polandcentral: 'Poland Central'
  qatarcentral: 'Qatar Central'
  southafricanorth: 'South Africa North'
  southcentralus: 'South Central US'
  southeastasia: 'Southeast Asia'
  spaincentral: 'Spain Central'
  swedencentral: 'Sweden Central'
  switzerlandnorth: 'Switzerland North'
  uaenorth: 'UAE North'
  uksouth: 'UK South'
  westeurope: 'West Europe'
  westus2: 'West US 2'
  westus3: 'West US 3'
}

// Without zones there is neither ZRS nor GZRS, but each of these has a pair.
var regionsWithPairAlone = {
  australiacentral: 'Australia Central'
  australiacentral2: 'Australia Central 2'
  australiasoutheast: 'Australia Southeast'
  brazilsoutheast: 'Brazil Southeast'
  canadaeast: 'Canada East'
  francesouth: 'France South'
  germanynorth: 'Germany North'
  koreasouth: 'Korea South'
  northcentralus: 'North Central US'
  norwaywest: 'Norway West'
  southafricawest: 'South Africa West'
  southindia: 'South India'
  swedensouth: 'Sweden South'
  switzerlandwest: 'Switzerland West'
  uaecentral: 'UAE Central'
  ukwest: 'UK West'
  westcentralus: 'West Central US'
  westindia: 'West India'
  westus: 'West US'
}

@export()
@description('How a storage account is replicated: over the zones where the region has them, else to its pair.')
func redundancyOf(region string) 'Standard_ZRS' | 'Standard_GRS' => hasZones(region) ? 'Standard_ZRS' : 'Standard_GRS'

@export()
@description('Whether a resource can be spread over the zones of a region.')
func hasZones(region string) bool => displayNameOf(region) == regionsWithZones[?region]

@export()
@description('The name that people and Service Health know a region by.')
func displayNameOf(region string) string =>
  regionsWithZones[?region] ?? regionsWithPairAlone[?region] ?? fail('the region ${region} is not known; add it to infra/regions.bicep')
