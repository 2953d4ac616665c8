import fc from "fast-check";
import { encodeRequest, RequestFramer } from "../../simulator/redis-server/request-framer.js";

const words = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  {
    minLength: 1,
    maxLength: 5,
  },
);

it("commands come out as they went in, however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 6 }),
      fc.integer({ min: 1, max: 30 }),
      (sent, size) => {
        const bytes = Buffer.concat(sent.map((command) => encodeRequest(command)));
        const framer = new RequestFramer();
        const seen = [];
        for (let at = 0; at < bytes.length; at += size) {
          seen.push(...framer.push(bytes.subarray(at, at + size)));
        }

        expect(seen.map(({ words: found }) => found.map(String))).toEqual(
          sent.map((command) => command.map(String)),
        );
        expect(Buffer.concat(seen.map(({ raw }) => raw))).toEqual(bytes);
      },
    ),
  );
});

it("lines of words are commands, too", () => {
  const [first, second] = new RequestFramer().push(Buffer.from("PING\r\nSET a  1\r\n"));

  expect(first?.words.map(String)).toEqual(["PING"]);
  expect(second?.words.map(String)).toEqual(["SET", "a", "1"]);
});

it("what is no command is left to the server to refuse", () => {
  const [odd] = new RequestFramer().push(Buffer.from("*x\r\n"));

  expect(odd?.raw.toString()).toBe("*x\r\n");
});
