import { storageReachable } from "../../simulator/blobs/reachable.js";
import type { Condition } from "../../simulator/faults/catalogue.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { parseSeed } from "../../simulator/world/seed.js";
import { Timeline } from "../../simulator/world/timeline.js";
import { createWorld, type World } from "../../simulator/world/world.js";
import { accountId, host, roles, storageSeed } from "./storage-seed.js";

const PRINCIPAL = storageSeed.identities[0]!.principalId;
const ACCOUNT = accountId("mcpstorage");

const worldWith = (more: object = {}): World =>
  createWorld(
    parseSeed({ ...storageSeed, ...more }, "of the test"),
    new Timeline(() => Date.parse("2026-11-25T10:00:00Z")),
    durationsOf(calm, 1),
  );
const ask = (
  world: World,
  url = `${host("mcpstorage")}/branding`,
  principal = PRINCIPAL,
): unknown => storageReachable(world, url, principal);
const no = (detail: string): object => ({
  reachable: false,
  detail: expect.stringContaining(detail) as string,
});

it("an app reaches the account and the container that it has a role on", () => {
  const world = worldWith();

  expect(ask(world)).toEqual({ reachable: true });
  expect(ask(world, host("mcpstorage"))).toEqual({ reachable: true });
  expect(ask(world, `${host("mcpstorage")}/nothing`)).toEqual(no("container nothing"));
  expect(ask(world, `${host("mcpstorage-secondary")}/branding`)).toEqual(no("read-only"));
  expect(ask(world, host("elsewhere"))).toEqual(no("cannot be resolved"));
  expect(ask(world, "mcpstorage")).toEqual(no("is not one"));
});

it("an app needs an identity, and a role that reads and writes", () => {
  const reader = {
    scope: ACCOUNT,
    principalId: PRINCIPAL,
    roleDefinitionId: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  };
  const manager = { ...reader, roleDefinitionId: roles.storageAccountContributor };

  expect(storageReachable(worldWith(), host("mcpstorage"), undefined)).toEqual(no("read"));
  expect(ask(worldWith({ roleAssignments: [reader] }))).toEqual(no("write"));
  expect(ask(worldWith({ roleAssignments: [manager] }))).toEqual(no("read"));
});

it.each<[string, Condition, string]>([
  ["its region is down", { name: "region-down", region: "eastus", planes: ["data"] }, "not answer"],
  ["its name is", { name: "region-down", region: "eastus", planes: ["dns"] }, "be resolved"],
  ["it is busy", { name: "storage-unavailable", resource: ACCOUNT }, "503"],
  ["it is slow", { name: "storage-unavailable", resource: ACCOUNT, answer: "timed-out" }, "500"],
  ["a role is missing", { name: "role-missing", resource: ACCOUNT }, "does not let"],
])("an app does not reach an account when %s", (_case, condition, detail) => {
  const world = worldWith();

  world.conditions.begin("fault-1", condition, 0);

  expect(ask(world)).toEqual(no(detail));
});

it("an app is kept out by network rules, and finds an account where it has moved", () => {
  const world = worldWith();
  const account = world.storageAccounts.get("mcpstorage")!;
  world.conditions.begin("fault-1", { name: "region-down", region: "eastus" }, 0);

  account.primaryLocation = "westus";
  const moved = ask(world);
  account.settings = { publicNetworkAccess: "Disabled" };

  expect(moved).toEqual({ reachable: true });
  expect(ask(world)).toEqual(no("refuses this network"));
});
