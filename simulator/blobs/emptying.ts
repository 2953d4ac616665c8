import { request as httpsRequest } from "node:https";
import type { Azurite } from "./azurite.js";

/** Deletes every container of every account, whatever leases are on them. `bearer` must be good for storage. */
export async function emptyAzurite(azurite: Azurite, bearer: string): Promise<void> {
  await Promise.all(
    azurite.accounts.map(async (account) => {
      const listing = await call(azurite, bearer, "GET", `/${account}?comp=list`);
      const names = [...listing.matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name = ""]) => name);
      for (const name of names) {
        const container = `/${account}/${name}?restype=container`;
        await call(azurite, bearer, "PUT", `${container}&comp=lease`, {
          "x-ms-lease-action": "break",
          "x-ms-lease-break-period": "0",
        });
        await call(azurite, bearer, "DELETE", container);
      }
    }),
  );
}

function call(
  azurite: Azurite,
  bearer: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: azurite.host,
        port: azurite.port,
        agent: azurite.agent,
        method,
        path,
        headers: {
          authorization: `Bearer ${bearer}`,
          "x-ms-version": "2025-11-05",
          "content-length": "0",
          ...headers,
        },
      },
      (reply) => {
        let text = "";
        reply.setEncoding("utf8");
        reply.on("data", (chunk: string) => (text += chunk));
        reply.on("end", () => {
          resolve(text);
        });
        reply.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end();
  });
}
