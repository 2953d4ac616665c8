import { smallSeed } from "../../simulator/seeds/small.js";
import { APP_ID, ARM, arm } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let token: string;

const [PRODUCTION] = smallSeed.resourceGroups.map(({ id }) => id);
const PRINCIPAL = "00000000-0000-0000-0000-0000000000b1";
const OTHER = "00000000-0000-0000-0000-0000000000b2";
const RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
const READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const CONTRIBUTOR = "358470bc-b998-42bd-ab17-a7e34c199c0f";
const NAME = "6a1f0d5e-36a1-5c59-8f0e-0a4d9a3d6c11";

const assignment = (scope: string, name = ""): string =>
  arm(
    `${scope}/providers/Microsoft.Authorization/roleAssignments${name && `/${name}`}`,
    "2022-04-01",
  );
const assign = (
  scope: string,
  name: string,
  role: string,
  principalId = PRINCIPAL,
): Promise<Reply> =>
  azure.call("PUT", assignment(scope, name), {
    token,
    body: {
      properties: {
        roleDefinitionId: `/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId,
        principalType: "ServicePrincipal",
      },
    },
  });

beforeAll(async () => {
  azure = await startSimulatorProcess();
});

afterAll(async () => {
  await azure.stop();
});

/** The caller may assign roles and, to begin with, nothing else. */
beforeEach(async () => {
  const roleAssignments = [
    { scope: PRODUCTION, principalId: PRINCIPAL, roleDefinitionId: RBAC_ADMINISTRATOR },
  ];
  await azure.steer("POST", "/reset", { seed: { ...smallSeed, roleAssignments } });
  token = await azure.tokenFor(ARM);
});

describe("role assignments", () => {
  const restart = (): Promise<Reply> =>
    azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v142/restart`), { token });

  it("are felt only after they have reached the services, and so is their end", async () => {
    const made = await assign(APP_ID, NAME, CONTRIBUTOR);
    const early = await restart();
    await azure.advance(121);
    const later = await restart();
    const removed = await azure.call("DELETE", assignment(APP_ID, NAME), { token });
    const lingering = await restart();
    await azure.advance(121);
    const gone = await restart();

    expect([made, early, later, removed, lingering, gone].map(({ status }) => status)).toEqual([
      201, 403, 200, 200, 200, 403,
    ]);
    expect(made.json()).toMatchObject({
      name: NAME,
      properties: { scope: APP_ID, principalId: PRINCIPAL, principalType: "ServicePrincipal" },
    });
  });

  it("are idempotent by name, and unique by what they say", async () => {
    await assign(APP_ID, NAME, CONTRIBUTOR);

    const again = await assign(APP_ID, NAME, CONTRIBUTOR);
    const twin = await assign(APP_ID, NAME.replace("6", "7"), CONTRIBUTOR);
    const changed = await assign(APP_ID, NAME, READER);
    const unknown = await assign(APP_ID, NAME.replace("6", "8"), NAME);
    const unnamed = await assign(APP_ID, "mine", READER);

    expect(again.status).toBe(200);
    expect([twin.status, twin.json()]).toMatchObject([
      409,
      { error: { code: "RoleAssignmentExists" } },
    ]);
    expect([changed.status, changed.json()]).toMatchObject([
      400,
      { error: { code: "RoleAssignmentUpdateNotPermitted" } },
    ]);
    expect(unknown.json()).toMatchObject({ error: { code: "RoleDefinitionDoesNotExist" } });
    expect(unnamed.json()).toMatchObject({ error: { code: "InvalidRoleAssignmentId" } });
  });

  it("are got at once and listed after a while, with those above and below", async () => {
    await assign(APP_ID, NAME, READER, OTHER);
    const names = async (scope: string, filter = ""): Promise<number> => {
      const url = `${assignment(scope)}${filter && `&$filter=${encodeURIComponent(filter)}`}`;
      return (await azure.call("GET", url, { token })).json<{ value: unknown[] }>().value.length;
    };

    const got = await azure.call("GET", assignment(APP_ID, NAME), { token });
    const early = await names(APP_ID);
    await azure.advance(6);

    expect([got.status, early]).toEqual([200, 1]);
    expect(await names(APP_ID)).toBe(2);
    expect(await names(PRODUCTION ?? "")).toBe(2);
    expect(await names(PRODUCTION ?? "", "atScope()")).toBe(1);
    expect(await names(APP_ID, `principalId eq '${OTHER}'`)).toBe(1);
  });

  it("cannot be made by whoever may not", async () => {
    await azure.steer("POST", "/reset", {});

    expect((await assign(APP_ID, NAME, READER)).status).toBe(403);
  });

  it("have no conditions here, and say so", async () => {
    const refused = await azure.call("PUT", assignment(APP_ID, NAME), {
      token,
      body: { properties: { roleDefinitionId: READER, principalId: OTHER, condition: "true" } },
    });
    const wrong = await azure.call("PUT", assignment(APP_ID, NAME), {
      token,
      body: { properties: { roleDefinitionId: READER, principalId: OTHER, colour: "red" } },
    });

    expect([refused.status, wrong.status]).toEqual([501, 400]);
    expect(wrong.text).toContain("colour");
  });
});

it("ARM throttles more requests than a bucket holds, and says when to come again", async () => {
  await azure.steer("POST", "/reset", {});
  const read = (): Promise<Reply> => azure.call("GET", arm(APP_ID), { token });

  const first = await read();
  const many = await Promise.all(Array.from({ length: 400 }, read));
  const throttled = many.filter(({ status }) => status === 429);
  await azure.advance(10);

  expect(Number(first.headers["x-ms-ratelimit-remaining-subscription-reads"])).toBeGreaterThan(200);
  expect(throttled.length).toBeGreaterThan(0);
  expect(throttled[0]?.headers["retry-after"]).toBe("1");
  expect(throttled[0]?.json()).toMatchObject({ error: { code: "SubscriptionRequestsThrottled" } });
  expect((await read()).status).toBe(200);
});

it("storage accounts are shown to whoever may read them", async () => {
  const [account] = smallSeed.storageAccounts ?? [];
  const id = account?.id ?? "";
  const [assignment] = smallSeed.roleAssignments;
  const reader = { ...assignment!, scope: id.split("/").slice(0, 5).join("/") };
  const roleAssignments = [{ ...reader, roleDefinitionId: READER }];
  const read = (path: string): Promise<Reply> =>
    azure.call("GET", arm(path, "2026-09-01"), { token });

  const refused = await read(id);
  await azure.steer("POST", "/reset", { seed: { ...smallSeed, roleAssignments } });
  const got = await read(id);
  const listed = await read(id.split("/").slice(0, -1).join("/"));
  const missing = await read(`${id}2`);

  expect([refused, got, listed, missing].map(({ status }) => status)).toEqual([403, 200, 200, 404]);
  expect(got.json()).toMatchObject({
    name: "mcpdrstate",
    sku: { name: "Standard_GRS" },
    properties: { primaryEndpoints: { blob: "https://mcpdrstate.blob.core.windows.net/" } },
  });
  expect(listed.json<{ value: unknown[] }>().value).toHaveLength(1);
});
