import { httpsAppProof } from "../../src/azure/app-proof.js";
import { seconds } from "../../src/domain/duration.js";

/** An application that answers the write and the read as told. */
const proofOf = (...answers: readonly (readonly [status: number, text: string] | Error)[]) => {
  const asked: { readonly method: string; readonly url: string; readonly limited: boolean }[] = [];
  const rest = [...answers];
  const proof = httpsAppProof(seconds(10), (url, init) => {
    const { method = "GET", signal } = init ?? {};
    const address = url instanceof Request ? url.url : url.toString();
    asked.push({ method, url: address, limited: signal instanceof AbortSignal });
    const next = rest.shift();
    if (next === undefined || next instanceof Error) {
      return Promise.reject(next ?? new Error("asked too often"));
    }
    return Promise.resolve(new Response(next[1], { status: next[0] }));
  });
  return { asked, prove: () => proof.prove("app.example", "/records/1", "written by 1") };
};

describe("the proof by a write and a read", () => {
  it("holds where what was written comes back", async () => {
    const { prove, asked } = proofOf([201, "{}"], [200, '{"storage":"written by 1"}']);

    expect(await prove()).toMatchObject({ holds: true });
    expect(asked).toEqual([
      { method: "PUT", url: "https://app.example/records/1", limited: true },
      { method: "GET", url: "https://app.example/records/1", limited: true },
    ]);
  });

  it("does not hold where something else comes back", async () => {
    const { prove } = proofOf([201, "{}"], [200, '{"storage":"of yesterday"}']);

    expect(await prove()).toEqual({
      holds: false,
      detail: "something else was read than was written",
    });
  });

  it("does not hold, and reads nothing, where the write is refused", async () => {
    const { prove, asked } = proofOf([503, "read only"]);

    expect(await prove()).toEqual({
      holds: false,
      detail: "the write was answered 503: read only",
    });
    expect(asked).toHaveLength(1);
  });

  it("does not hold where the read is refused", async () => {
    expect(await proofOf([201, ""], [404, "no such record"]).prove()).toEqual({
      holds: false,
      detail: "the read was answered 404: no such record",
    });
  });

  it("does not hold where nobody answers", async () => {
    const reset = new Error("fetch failed", { cause: { code: "ECONNRESET" } });
    const { prove } = proofOf(reset);

    expect(await prove()).toEqual({ holds: false, detail: "no answer: ECONNRESET" });
  });
});
