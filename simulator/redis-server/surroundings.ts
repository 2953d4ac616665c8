import { createSecureContext } from "node:tls";
import type { FaultRegistry, Target } from "../faults/registry.js";
import type { TokenAuthority } from "../identity/tokens.js";
import type { CertificateAuthority } from "../server/certificates.js";
import type { RequestLog } from "../server/request-log.js";
import type { World } from "../world/world.js";
import { BlobClient } from "./blob-client.js";
import type { CommandTarget, Surroundings } from "./redis-servers.js";

const STORAGE_AUDIENCE = "https://storage.azure.com";

export interface SurroundingsOptions {
  readonly authority: CertificateAuthority;
  /** Where every simulated host answers. */
  readonly port: number;
  readonly world: World;
  readonly tokens: TokenAuthority;
  readonly faults: FaultRegistry;
  readonly requests: RequestLog;
}

/** What the data plane of caches needs of the simulator: certificates, the blob service, faults and the log. */
export async function cacheSurroundings(options: SurroundingsOptions): Promise<Surroundings> {
  const { authority, port, world, tokens, faults, requests } = options;
  const own = await authority.issue(["localhost", "127.0.0.1"]);
  const note = (operation: string, { resource }: CommandTarget, fault: string): void => {
    requests.add({
      at: new Date(world.timeline.now()).toISOString(),
      method: "",
      host: "localhost",
      path: "",
      query: "",
      status: 0,
      service: "redis",
      operation,
      mutating: false,
      resource,
      fault,
    });
  };
  return {
    context: createSecureContext({ ...own, minVersion: "TLSv1.2" }),
    blobs: new BlobClient({
      port,
      ca: authority.pem,
      bearerFor: async (identity) => {
        const now = world.timeOf("identity");
        const { token } = await tokens.issue(identity, STORAGE_AUDIENCE, world.tenantId(), now);
        return token;
      },
    }),
    fateOf: (target) => {
      const operation = `commands.${target.command}`;
      const fate = faults.commandFate(asTarget(target, operation));
      if (fate) {
        const names = [
          ...(fate.delayMs > 0 ? ["slow"] : []),
          ...(fate.hang ? ["hang"] : []),
          ...(fate.answerLost ? ["lost-answer"] : []),
        ];
        note(operation, target, names.join(", "));
      }
      return fate;
    },
    refused: (target, why) => {
      note("connections.open", target, why);
    },
  };
}

function asTarget({ resource, region }: CommandTarget, operation: string): Target {
  return {
    service: "redis",
    method: "",
    path: "",
    call: {
      operation,
      mutating: false,
      resource,
      region,
      carryOut: () => {
        throw new Error("commands are carried out by redis-server");
      },
    },
  };
}
