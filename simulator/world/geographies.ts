import { regionOf } from "./names.js";

/** Regions by the geography that their data stays in. Microsoft Learn: "Azure regions list". */
const REGIONS: Readonly<Record<string, readonly string[]>> = {
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
  France: ["francecentral", "francesouth"],
  Germany: ["germanywestcentral", "germanynorth"],
  Italy: ["italynorth"],
  Norway: ["norwayeast", "norwaywest"],
  Poland: ["polandcentral"],
  Spain: ["spaincentral"],
  Sweden: ["swedencentral", "swedensouth"],
  Switzerland: ["switzerlandnorth", "switzerlandwest"],
  Canada: ["canadacentral", "canadaeast"],
  Mexico: ["mexicocentral"],
  Brazil: ["brazilsouth", "brazilsoutheast"],
  Australia: ["australiaeast", "australiasoutheast", "australiacentral", "australiacentral2"],
  "New Zealand": ["newzealandnorth"],
  Japan: ["japaneast", "japanwest"],
  Korea: ["koreacentral", "koreasouth"],
  India: ["centralindia", "southindia", "westindia"],
  "Asia Pacific": ["eastasia", "southeastasia"],
  Israel: ["israelcentral"],
  Qatar: ["qatarcentral"],
  "United Arab Emirates": ["uaenorth", "uaecentral"],
  "South Africa": ["southafricanorth", "southafricawest"],
};

/** Each region and the one that Azure pairs it with. Microsoft Learn: "Azure paired regions". */
const PAIRS: ReadonlyMap<string, string> = new Map(
  [
    ["eastus", "westus"],
    ["eastus2", "centralus"],
    ["northcentralus", "southcentralus"],
    ["westus2", "westcentralus"],
    ["northeurope", "westeurope"],
    ["uksouth", "ukwest"],
    ["francecentral", "francesouth"],
    ["germanywestcentral", "germanynorth"],
    ["norwayeast", "norwaywest"],
    ["swedencentral", "swedensouth"],
    ["switzerlandnorth", "switzerlandwest"],
    ["canadacentral", "canadaeast"],
    ["australiaeast", "australiasoutheast"],
    ["australiacentral", "australiacentral2"],
    ["japaneast", "japanwest"],
    ["koreacentral", "koreasouth"],
    ["centralindia", "southindia"],
    ["eastasia", "southeastasia"],
    ["uaenorth", "uaecentral"],
    ["southafricanorth", "southafricawest"],
  ].flatMap(([one = "", other = ""]): [string, string][] => [
    [one, other],
    [other, one],
  ]),
);

/** The geography of a region. A region that is not known is a geography of its own. */
export function geographyOf(location: string): string {
  const region = regionOf(location);
  return Object.entries(REGIONS).find(([, regions]) => regions.includes(region))?.[0] ?? region;
}

/** The other region of a pair in one geography. Pairs that go one way or leave the geography are not in the list. */
export function pairOf(location: string): string | undefined {
  return PAIRS.get(regionOf(location));
}

/** Every region that is known, by the names that ARM uses. */
export function knownRegions(): readonly string[] {
  return Object.values(REGIONS).flat();
}
