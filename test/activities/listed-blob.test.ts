import { listedOf } from "../../src/activities/listed-blob.js";

const gibibyte = 2 ** 30;
const md5 = "XUFAKrxLKna5cZ2REBfFkg==";

/** Why a blob is left out, if it is. */
const skipOf = (bytes: number, hash: string | undefined, isBlockBlob = true) =>
  listedOf(
    {
      name: "film.mp4",
      etag: "1",
      bytes,
      md5: hash,
      modifiedAt: "2024-11-23T00:00:00.000Z",
      contentType: "video/mp4",
      isBlockBlob,
      isArchived: false,
      hasTags: false,
      copy: undefined,
    },
    "20241123T000000Z-run-1",
    undefined,
  ).skip;

describe("a listed blob", () => {
  it("is left out where its copy could not be read back within an activity", () => {
    expect(skipOf(2 * gibibyte, md5)).toBeUndefined();
    expect(skipOf(2 * gibibyte, md5, false)).toBeUndefined();
    expect(skipOf(2 * gibibyte + 1, md5)).toContain("larger than 2 GiB");
  });

  it("may have half of that without an MD5, because both sides are read", () => {
    expect(skipOf(gibibyte, undefined)).toBeUndefined();
    expect(skipOf(gibibyte + 1, undefined)).toContain("larger than 1 GiB and has no MD5");
    expect(skipOf(2 * gibibyte + 1, undefined)).toContain("larger than 2 GiB");
  });
});
