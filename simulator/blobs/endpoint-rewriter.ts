import { Transform } from "node:stream";

const ATTRIBUTE = /ServiceEndpoint="[^"]*"/;

/** Listings name the host that was asked; the rest of them passes through as it is. */
export function withServiceEndpoint(endpoint: string): Transform {
  let head: Buffer | undefined = Buffer.alloc(0);
  const rewritten = (bytes: Buffer): Buffer =>
    Buffer.from(
      bytes.toString("latin1").replace(ATTRIBUTE, `ServiceEndpoint="${endpoint}"`),
      "latin1",
    );
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (head === undefined) {
        done(null, chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const found = ATTRIBUTE.test(head.toString("latin1"));
      if (!found && head.length < 4096) {
        done();
        return;
      }
      const start = rewritten(head);
      head = undefined;
      done(null, start);
    },
    flush(done) {
      done(null, head && rewritten(head));
    },
  });
}
