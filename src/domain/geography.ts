/**
 * The data-residency geography of the public regions in use, by the names ARM uses. Backups of Key
 * Vault restore only inside one. Source: Microsoft Learn, "Azure regions list".
 */
const regionsByGeography: Record<string, readonly string[]> = {
  "United States": [
    "eastus",
    "eastus2",
    "centralus",
    "northcentralus",
    "southcentralus",
    "westcentralus",
    "westus",
    "westus2",
    "westus3",
  ],
  Europe: ["northeurope", "westeurope"],
  "United Kingdom": ["uksouth", "ukwest"],
  Germany: ["germanywestcentral", "germanynorth"],
  France: ["francecentral", "francesouth"],
  Switzerland: ["switzerlandnorth", "switzerlandwest"],
  Norway: ["norwayeast", "norwaywest"],
  Sweden: ["swedencentral", "swedensouth"],
  Canada: ["canadacentral", "canadaeast"],
  Brazil: ["brazilsouth", "brazilsoutheast"],
  Australia: ["australiaeast", "australiasoutheast", "australiacentral", "australiacentral2"],
  Japan: ["japaneast", "japanwest"],
  Korea: ["koreacentral", "koreasouth"],
  India: ["centralindia", "southindia", "westindia"],
  "Asia Pacific": ["eastasia", "southeastasia"],
  "South Africa": ["southafricanorth", "southafricawest"],
  "United Arab Emirates": ["uaenorth", "uaecentral"],
};

/** The geography of a region, or undefined if this list does not know the region. */
export function geographyOf(region: string): string | undefined {
  return Object.entries(regionsByGeography).find(([, regions]) => regions.includes(region))?.[0];
}
