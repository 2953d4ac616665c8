import { missingRedundancy } from "../../src/domain/storage-redundancy.js";

describe("what redundancy lacks", () => {
  it.each(["Standard_GZRS", "Standard_RAGZRS"])("is nothing with %s", (sku) => {
    expect(missingRedundancy(sku, false)).toBeUndefined();
  });

  it.each([
    ["Standard_LRS", /a zone or the region is lost; to Standard_GZRS it is two steps/],
    ["Standard_ZRS", /the region is lost; an update of the sku to Standard_GZRS/],
    ["Standard_GRS", /a zone is lost; to Standard_GZRS it is a conversion/],
    ["Standard_RAGRS", /a zone is lost; to Standard_RAGZRS it is a conversion/],
    ["Premium_ZRS", /the region is lost; a premium account cannot be made geo-redundant/],
  ])("of %s is said with what it takes", (sku, words) => {
    expect(missingRedundancy(sku, false)).toMatch(words);
  });

  it("is on its way while a conversion is", () => {
    expect(missingRedundancy("Standard_GRS", true)).toContain("a conversion is under way");
  });
});
