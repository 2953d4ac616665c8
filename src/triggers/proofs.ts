import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { RestorableKind } from "../domain/backup.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { accept, json, linksOf, readJson, readText, type ActingEndpoint } from "./endpoint.js";
import { environmentIn, wishForKinds } from "./request-forms.js";
import { RunLinks } from "./run-view.js";
import { startProof } from "./start-proof.js";

/** An operator's order to prove now that backups can be restored. */
export const ProofRequest = z
  .strictObject(wishForKinds(RestorableKind))
  .meta({ id: "ProofRequest" });

export const ProofAnswer = z
  .strictObject({
    proofs: z.array(
      z.strictObject({
        kind: RestorableKind,
        id: z.string(),
        /** `running`: one was under way already; `ended`: there were as many tonight as there may be. */
        status: z.enum(["started", "running", "ended"]),
        links: RunLinks,
      }),
    ),
  })
  .meta({ id: "ProofAnswer" });

/** As many of a night, the timer's and those that people order besides, each with a sample of its own. */
const most = 20;

/** POST /api/proofs: a proof of each kind that is wanted, unless one is under way. */
export async function orderProofs(endpoint: ActingEndpoint): Promise<HttpResponseInit> {
  const { request, estate, runs, now, who, audit } = endpoint;
  const wish = accept(ProofRequest.safeParse(readJson(await readText(request))));
  const { name: environment } = environmentIn(estate, wish.environment, 400);
  const kinds = [...new Set(wish.kinds ?? RestorableKind.options)];
  audit.about({ environment, reason: wish.reason });
  await audit.enter("accepted", `proves ${kinds.join(", ")} of ${environment}`);
  const trigger = {
    kind: "operator",
    who: who.name,
    source: who.source,
    reason: scrub(wish.reason),
  } as const;
  const proofs: z.infer<typeof ProofAnswer>["proofs"] = [];
  for (const kind of kinds) {
    const wanted = { environment, kind, trigger, most };
    const { run: id, status } = await startProof(runs, estate, now(), wanted);
    proofs.push({ kind, id, status, links: linksOf(request, id) });
  }
  return json(202, { proofs });
}
