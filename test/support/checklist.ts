import { checkItem, findUsersSide } from "../../src/activities/checklist.contract.js";
import type { Stub } from "./replay-driver.js";

/** A service of which everything holds that the checklist asks for. */
export const checklistStubs: readonly Stub[] = [
  answering(findUsersSide.name, {
    side: {
      app: "/subscriptions/0/resourceGroups/g/providers/Microsoft.App/containerApps/mcp-server",
      fqdn: "mcp-server.example.azurecontainerapps.io",
      vault: "https://mcp-server-kv.vault.azure.net",
    },
    detail: "users are led to mcp-server",
  }),
  answering(checkItem.name, { holds: true, open: false, detail: "holds", proof: [{ what: "x" }] }),
];

function answering(name: string, value: unknown): Stub {
  return { name, took: 200, answer: () => ({ ok: true, value }) };
}
