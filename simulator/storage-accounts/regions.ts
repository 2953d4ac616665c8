interface Region {
  /** Where geo-redundant accounts are copied to; undefined where the region has no pair. */
  readonly pair: string | undefined;
  /** Whether there are availability zones, which ZRS and GZRS need. */
  readonly zones: boolean;
}

/** `pair`, or `-`; a trailing `z` says that there are zones. Documented: Azure regions list. */
const TABLE = `
eastus westus z
westus eastus
eastus2 centralus z
centralus eastus2 z
northcentralus southcentralus
southcentralus northcentralus z
westus2 westcentralus z
westcentralus westus2
westus3 eastus z
canadacentral canadaeast z
canadaeast canadacentral
brazilsouth southcentralus z
northeurope westeurope z
westeurope northeurope z
uksouth ukwest z
ukwest uksouth
francecentral francesouth z
francesouth francecentral
germanywestcentral germanynorth z
germanynorth germanywestcentral
switzerlandnorth switzerlandwest z
switzerlandwest switzerlandnorth
norwayeast norwaywest z
norwaywest norwayeast
swedencentral swedensouth z
swedensouth swedencentral
polandcentral - z
italynorth - z
spaincentral - z
uaenorth uaecentral z
uaecentral uaenorth
qatarcentral - z
israelcentral - z
southafricanorth southafricawest z
southafricawest southafricanorth
eastasia southeastasia z
southeastasia eastasia z
japaneast japanwest z
japanwest japaneast z
koreacentral koreasouth z
koreasouth koreacentral
centralindia southindia z
southindia centralindia
australiaeast australiasoutheast z
australiasoutheast australiaeast
newzealandnorth - z
mexicocentral - z
`;

/** What a storage account may be in each region, by the region's name in lower case. */
export const REGIONS: ReadonlyMap<string, Region> = new Map(
  TABLE.trim()
    .split("\n")
    .map((line) => {
      const [name = "", pair = "-", zones] = line.split(" ");
      return [name, { pair: pair === "-" ? undefined : pair, zones: zones === "z" }];
    }),
);
