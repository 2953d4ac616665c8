import { HttpRequest } from "@azure/functions";
import fc from "fast-check";
import { identityOf } from "../../src/triggers/identity.js";
import { Refusal } from "../../src/triggers/refusal.js";
import { principal } from "../support/service-calls.js";

const headers = (of: Record<string, string>) =>
  new HttpRequest({ method: "GET", url: "https://dr.example.com/", headers: of }).headers;
const encoded = (value: unknown): Record<string, string> => ({
  "x-ms-client-principal": Buffer.from(JSON.stringify(value)).toString("base64"),
});
const xmlsoap = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

describe("identity while the platform does not authenticate", () => {
  it("is the key's holder, whatever principal the request forges", () => {
    const forged = headers(principal("root@example.com", ["operator", "approver"]));

    expect(identityOf(forged, "none")).toEqual({
      name: "holder of the function key",
      source: "key",
      roles: [],
    });
  });

  it("takes a name that the request gives itself for a claim, never for a proof", () => {
    const claiming = headers({
      ...principal("root@example.com", ["approver"]),
      "x-operator": " ada ",
    });

    expect(identityOf(claiming, "none")).toEqual({ name: "ada", source: "claimed", roles: [] });
  });

  it.each(["", "   ", "x".repeat(101), "a\tb"])("refuses to be called %j", (name) => {
    expect(() => identityOf(headers({ "x-operator": name }), "none")).toThrow(Refusal);
  });
});

describe("identity while the platform authenticates", () => {
  it("is the person whom Entra names, with the app roles and no group", () => {
    const sent = headers({
      ...principal("ada@example.com", ["operator", "other"]),
      "x-operator": "bob",
    });

    expect(identityOf(sent, "entra")).toEqual({
      name: "ada@example.com",
      source: "entra",
      roles: ["operator"],
    });
  });

  it.each([
    [
      "a role under the long type",
      { typ: "http://schemas.microsoft.com/ws/2008/06/identity/claims/role", val: "reader" },
    ],
    ["a role under the type the header names", { typ: "custom", val: "reader" }],
  ])("knows %s", (_what, claim) => {
    const sent = encoded({
      auth_typ: "aad",
      claims: [{ typ: "upn", val: "ada@example.com" }, claim],
      role_typ: "custom",
    });

    expect(identityOf(headers(sent), "entra")?.roles).toEqual(["reader"]);
  });

  it.each([
    [{ typ: `${xmlsoap}/upn`, val: "ada@example.com" }, "ada@example.com"],
    [{ typ: `${xmlsoap}/emailaddress`, val: "ada@example.com" }, "ada@example.com"],
    [{ typ: `${xmlsoap}/name`, val: "Ada" }, "Ada"],
    [{ typ: "azp", val: "0a0b" }, "application 0a0b"],
    [{ typ: "appid", val: "0a0b" }, "application 0a0b"],
    [{ typ: "oid", val: "77aa" }, "77aa"],
  ])("takes the name from %j", (claim, name) => {
    const sent = encoded({ auth_typ: "aad", claims: [claim], name_typ: `${xmlsoap}/name` });

    expect(identityOf(headers(sent), "entra")?.name).toBe(name);
  });

  it("prefers a sign-in name, which is one person's, to a display name", () => {
    const sent = encoded({
      auth_typ: "aad",
      claims: [
        { typ: "name", val: "Ada" },
        { typ: "azp", val: "0a0b" },
        { typ: "preferred_username", val: "ada@example.com" },
      ],
      name_typ: "name",
    });

    expect(identityOf(headers(sent), "entra")?.name).toBe("ada@example.com");
  });

  it.each([
    ["nothing", {}],
    ["a claimed name only", { "x-operator": "ada" }],
    ["what is not base64 of JSON", { "x-ms-client-principal": "!!!" }],
    ["a principal of another provider", principal("ada", ["operator"], { auth_typ: "google" })],
    ["a principal without claims", principal("ada", ["operator"], { claims: [] })],
    ["a principal without a list of claims", encoded({ auth_typ: "aad", claims: "roles" })],
    [
      "a nameless principal",
      encoded({ auth_typ: "aad", claims: [{ typ: "roles", val: "operator" }] }),
    ],
  ])("is nobody's with %s", (_what, sent) => {
    expect(identityOf(headers(sent), "entra")).toBeUndefined();
  });

  it("never throws, whatever stands in the header", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(identityOf(headers(encoded(value)), "entra")).toBeUndefined();
      }),
    );
  });
});
