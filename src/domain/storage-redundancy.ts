/**
 * What it takes to have an account's blobs in three zones and in a second region. Undefined where they
 * are. Zones are a conversion that Azure begins and ends when it can: no backup and no recovery waits
 * for it, so nothing here is ever started by this service.
 */
export function missingRedundancy(sku: string, isConverting: boolean): string | undefined {
  const [geo, zones] = [/_(RA)?GZ?RS$/.test(sku), /_((RA)?G)?ZRS$/.test(sku)];
  if (geo && zones) return undefined;
  const lost = geo
    ? "a zone is lost"
    : zones
      ? "the region is lost"
      : "a zone or the region is lost";
  const kept = `with ${sku} blobs are away when ${lost}`;
  if (sku.startsWith("Premium")) {
    return `${kept}; a premium account cannot be made geo-redundant: its backups are its second region`;
  }
  if (isConverting) return `${kept}; a conversion is under way and may take days`;
  const conversion =
    "a conversion, which may take up to 72 h to begin and has no promised end, and only where the region has zones";
  const target = sku.startsWith("Standard_RA") ? "Standard_RAGZRS" : "Standard_GZRS";
  if (zones) return `${kept}; an update of the sku to ${target} makes them geo-redundant`;
  if (geo) return `${kept}; to ${target} it is ${conversion}`;
  return `${kept}; to ${target} it is two steps: an update of the sku to Standard_GRS at once, then ${conversion}`;
}
