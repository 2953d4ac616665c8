/**
 * Where regions are, in degrees: nearness stands for Traffic Manager's table of latencies. Approximate, from the
 * published cities of Azure's regions.
 */
const PLACES: Readonly<Record<string, readonly [number, number]>> = {
  eastus: [37.4, -79.4],
  eastus2: [36.7, -78.4],
  centralus: [41.6, -93.6],
  northcentralus: [41.9, -87.6],
  southcentralus: [29.4, -98.5],
  westcentralus: [40.9, -110.2],
  westus: [37.8, -122.4],
  westus2: [47.2, -119.9],
  westus3: [33.4, -112.1],
  canadacentral: [43.7, -79.4],
  brazilsouth: [-23.6, -46.6],
  northeurope: [53.3, -6.3],
  westeurope: [52.4, 4.9],
  uksouth: [50.9, -0.8],
  francecentral: [46.4, 2.4],
  germanywestcentral: [50.1, 8.7],
  swedencentral: [60.7, 17.1],
  switzerlandnorth: [47.5, 8.6],
  uaenorth: [25.3, 55.3],
  southafricanorth: [-25.7, 28.2],
  centralindia: [18.6, 73.9],
  southeastasia: [1.3, 103.8],
  eastasia: [22.3, 114.2],
  japaneast: [35.7, 139.8],
  koreacentral: [37.6, 127.0],
  australiaeast: [-33.9, 151.2],
};

export function isKnownRegion(region: string): boolean {
  return region in PLACES;
}

/** The angle between two regions on the globe, in radians. */
export function distanceBetween(a: string, b: string): number {
  const from = PLACES[a];
  const to = PLACES[b];
  if (from === undefined || to === undefined) return Infinity;
  const [latitudeA, longitudeA, latitudeB, longitudeB] = [...from, ...to].map(
    (degrees) => (degrees * Math.PI) / 180,
  ) as [number, number, number, number];
  const cosine =
    Math.sin(latitudeA) * Math.sin(latitudeB) +
    Math.cos(latitudeA) * Math.cos(latitudeB) * Math.cos(longitudeA - longitudeB);
  return Math.acos(Math.min(1, Math.max(-1, cosine)));
}
