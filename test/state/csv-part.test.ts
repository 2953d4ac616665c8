import { gunzipSync } from "node:zlib";
import { verifyCsvPart, writeCsvPart, type Rows } from "../../src/state/csv-part.js";
import { MemoryContainer } from "../support/memory-container.js";

const columns = ["At", "Name", "Success", "DurationMs"];

async function* pagesOf(...pages: readonly (readonly unknown[])[][]): AsyncGenerator<Rows> {
  for (const rows of pages) yield await Promise.resolve({ columns, rows });
}
const textIn = async (container: MemoryContainer): Promise<string> =>
  gunzipSync((await container.readBytes("part"))!).toString("utf8");

it("rows are written by RFC 4180, and nothing in them is a formula", async () => {
  const container = new MemoryContainer();
  const at = new Date("2026-11-22T10:00:00.123Z");
  const written = await writeCsvPart(
    container,
    "part",
    columns,
    pagesOf(
      [
        [at, 'say "a, b"', true, 1.5],
        [at, "=1+1", false, -2],
        [at, "+1", false, 0],
        [at, "-1", false, null],
      ],
      [
        [at, "@SUM(A1)", false, 3],
        [at, "\t=1", true, 3],
        [at, "\r=1", true, 3],
        [at, "two\nlines, größe", true, 3],
      ],
    ),
  );

  expect((await textIn(container)).split("\r\n")).toEqual([
    "At,Name,Success,DurationMs",
    '2026-11-22T10:00:00.123Z,"say ""a, b""",true,1.5',
    "2026-11-22T10:00:00.123Z,'=1+1,false,-2",
    "2026-11-22T10:00:00.123Z,'+1,false,0",
    "2026-11-22T10:00:00.123Z,'-1,false,",
    "2026-11-22T10:00:00.123Z,'@SUM(A1),false,3",
    "2026-11-22T10:00:00.123Z,'\t=1,true,3",
    expect.stringMatching(/^2026-11-22T10:00:00.123Z,"?'\r=1"?,true,3$/) as string,
    '2026-11-22T10:00:00.123Z,"two\nlines, größe",true,3',
    "",
  ]);
  expect(written.rows).toBe(8);
  await verifyCsvPart(container, "part", written);
});

it("a part without rows has the header alone", async () => {
  const container = new MemoryContainer();
  const written = await writeCsvPart(container, "part", columns, pagesOf());

  expect(written.rows).toBe(0);
  expect(await textIn(container)).toBe("At,Name,Success,DurationMs\r\n");
});

it("nothing is left of a part whose rows could not be had, and a changed one is found out", async () => {
  const container = new MemoryContainer();
  async function* failing(): AsyncGenerator<Rows> {
    yield { columns, rows: [["a", "b", true, 1]] };
    throw await Promise.resolve(new Error("the service went away"));
  }
  await expect(writeCsvPart(container, "part", columns, failing())).rejects.toThrow("went away");
  expect(await container.look("part")).toBeUndefined();

  const written = await writeCsvPart(container, "part", columns, pagesOf([["a", "b", true, 1]]));
  await container.putBytes("part", Buffer.from("other"));
  await expect(verifyCsvPart(container, "part", written)).rejects.toMatchObject({
    failure: { code: "copy-altered" },
  });
});
