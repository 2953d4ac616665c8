import { regionOf } from "./names.js";

/** How Azure writes regions where it does not use their short names. */
const NAMES = [
  ...["East US", "East US 2", "West US", "West US 2", "West US 3", "Central US"],
  ...["North Central US", "South Central US", "West Central US", "Canada Central", "Canada East"],
  ...["Brazil South", "North Europe", "West Europe", "UK South", "UK West", "France Central"],
  ...["Germany West Central", "Switzerland North", "Norway East", "Sweden Central", "Italy North"],
  ...["Poland Central", "Spain Central", "UAE North", "South Africa North", "Israel Central"],
  ...["Central India", "South India", "West India", "East Asia", "Southeast Asia", "Japan East"],
  ...["Japan West", "Korea Central", "Korea South", "Australia East", "Australia Southeast"],
];
const BY_REGION = new Map(NAMES.map((name) => [regionOf(name), name]));

/** `East US` for `eastus`; a region that is not known keeps the name it has. */
export function displayNameOf(region: string): string {
  return BY_REGION.get(regionOf(region)) ?? region;
}
