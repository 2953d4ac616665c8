import fc from "fast-check";
import {
  AppRole,
  describePerson,
  holderOfKey,
  type Identity,
  type IdentitySource,
  mayDo,
  rolesFor,
  samePerson,
  type Permission,
} from "../../src/domain/identity.js";

const permissions: readonly Permission[] = ["operate", "approve", "read", "report"];
const proven = (...roles: AppRole[]): Identity => ({ name: "ada", source: "entra", roles });

describe("permission", () => {
  it.each([
    ["operator", ["operate", "read", "report"]],
    ["approver", ["approve", "read"]],
    ["reader", ["read", "report"]],
    ["auditor", ["read", "report"]],
  ] as const)("of the role %s is to %j", (role, granted) => {
    expect(permissions.filter((permission) => mayDo(proven(role), permission))).toEqual(granted);
  });

  it("is none for a proven identity without a role, however it is named", () => {
    for (const permission of permissions) expect(mayDo(proven(), permission)).toBe(false);
  });

  it("is the function key itself where nothing is proven", () => {
    for (const permission of permissions) {
      expect(mayDo(holderOfKey, permission)).toBe(true);
      expect(mayDo({ name: "ada", source: "claimed", roles: [] }, permission)).toBe(true);
    }
  });

  it("grows with every role, and holds exactly if one of the named roles is there", () => {
    fc.assert(
      fc.property(
        fc.subarray([...AppRole.options]),
        fc.constantFrom(...permissions),
        (roles, permission) => {
          expect(mayDo(proven(...roles), permission)).toBe(
            rolesFor(permission).some((role) => roles.includes(role)),
          );
        },
      ),
    );
  });
});

describe("same person", () => {
  const person = (name: string, source: IdentitySource = "entra") => ({ name, source });

  it.each([
    [person("Ada@Example.com"), person("ada@example.com "), "yes"],
    [person("ada", "claimed"), person("ADA", "claimed"), "yes"],
    [person("ada", "claimed"), person("ada", "entra"), "yes"],
    [person("ada@example.com"), person("bob@example.com"), "no"],
    [holderOfKey, holderOfKey, "unknown"],
    [person("ada"), person("ada", "key"), "unknown"],
  ] as const)("%j and %j: %s", (one, other, same) => {
    expect(samePerson(one, other)).toBe(same);
    expect(samePerson(other, one)).toBe(same);
  });
});

it("calls a claimed name claimed, and a proven one by its name alone", () => {
  expect(describePerson({ name: "ada", source: "claimed" })).toBe("ada (claimed)");
  expect(describePerson({ name: "ada", source: "entra" })).toBe("ada");
  expect(describePerson(holderOfKey)).toBe("holder of the function key");
});
