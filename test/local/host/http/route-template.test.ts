import fc from "fast-check";
import { parseRouteTemplate } from "../../../../local/host/http/route-template.js";

function match(template: string, path: string): Readonly<Record<string, string>> | undefined {
  return parseRouteTemplate(template).match(path);
}

describe("route template", () => {
  it.each([
    ["api/things", "/api/things", {}],
    ["api/things", "/API/Things/", {}],
    ["api/{id}", "/api/7", { id: "7" }],
    ["api/{a}/{b?}", "/api/x", { a: "x" }],
    ["api/{a}/{b?}", "/api/x/y", { a: "x", b: "y" }],
    ["api/{color=red}", "/api", { color: "red" }],
    ["api/{color=red}", "/api/blue", { color: "blue" }],
    ["api/{*rest}", "/api", {}],
    ["api/{*rest}", "/api/a/b%2Fc", { rest: "a/b%2Fc" }],
    ["api/{**rest}", "/api/a/b", { rest: "a/b" }],
    ["{name}.{extension}", "/report.csv", { name: "report", extension: "csv" }],
    ["v{n:int}/x", "/v12/x", { n: "12" }],
    ["{*all}", "/", {}],
    ["", "/", {}],
  ])("%s takes %s", (template, path, params) => {
    expect(match(template, path)).toEqual(params);
  });

  it.each([
    ["api/things", "/api"],
    ["api/things", "/api/things/more"],
    ["api/{id}", "/api"],
    ["api/{a}/{b?}", "/api/x/y/z"],
    ["api/things", "//api/things"],
    ["api/things", "/api//things"],
    ["", "/x"],
  ])("%s does not take %s", (template, path) => {
    expect(match(template, path)).toBeUndefined();
  });

  it.each([
    ["int", "5", "99999999999"],
    ["long", "99999999999", "5.5"],
    ["bool", "True", "maybe"],
    ["guid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "nope"],
    ["alpha", "ab", "a1"],
    ["decimal", "-1.5", "x"],
    ["datetime", "2026-01-02", "someday"],
    ["minlength(2)", "ab", "a"],
    ["maxlength(2)", "ab", "abc"],
    ["length(3)", "abc", "ab"],
    ["length(1,2)", "ab", "abc"],
    ["min(10)", "10", "9"],
    ["max(10)", "10", "11"],
    ["range(1,3)", "2", "4"],
    ["regex(^a.*z$)", "abcz", "bcz"],
    ["regex(^[0-9]{{2}}$)", "42", "421"],
    ["int:min(3)", "3", "2"],
  ])("keeps the constraint %s", (constraint, fitting, other) => {
    expect(match(`x/{v:${constraint}}`, `/x/${fitting}`)).toEqual({ v: fitting });
    expect(match(`x/{v:${constraint}}`, `/x/${other}`)).toBeUndefined();
  });

  it("undoes escapes once, and leaves an escaped slash alone", () => {
    expect(match("x/{a}", "/x/a%20b")).toEqual({ a: "a b" });
    expect(match("x/{a}", "/x/%C3%BC")).toEqual({ a: "ü" });
    expect(match("x/{a}", "/x/a+b")).toEqual({ a: "a+b" });
    expect(match("x/{a}", "/x/a%2fb")).toEqual({ a: "a%2Fb" });
    expect(match("x/{a}", "/x/a%252Fb")).toEqual({ a: "a%2Fb" });
    expect(match("x/{a}", "/x/%zz")).toEqual({ a: "%zz" });
  });

  it.each([
    ["a/{x", "incomplete parameter"],
    ["a/x}", "without its '{'"],
    ["a//b", "twice in a row"],
    ["{}", "has no name"],
    ["{a}/{A}", "'A' appears twice"],
    ["{*rest}/x", "must be the last segment"],
    ["{a:nope}", "'nope' could not be resolved"],
    ["{a:length(1}", "is malformed"],
  ])("refuses %s", (template, reason) => {
    expect(() => parseRouteTemplate(template)).toThrow(reason);
  });

  it("gives every parameter back as it was put into the path", () => {
    const value = fc.string({ minLength: 1 }).filter((text) => !text.includes("/"));
    fc.assert(
      fc.property(value, value, (a, b) => {
        const path = `/x/${encodeURIComponent(a)}/${encodeURIComponent(b)}`;
        expect(match("x/{a}/{b}", path)).toEqual({ a, b });
      }),
    );
  });
});
