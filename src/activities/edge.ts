import type { BlobCopies, BlobView } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import type { Edges } from "../azure/edges.js";
import type { PublicAssets } from "../azure/public-assets.js";
import { seconds } from "../domain/duration.js";
import { hostOf } from "../domain/address.js";
import {
  canDoWithout,
  holds,
  hostsInUse,
  type EdgeAct,
  type EdgeView,
} from "../domain/edge-move.js";
import type { FrontDoor } from "../domain/estate.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./edge.contract.js";
import { ensure } from "./ensure.js";
import { operationSeen } from "./operation-seen.js";

/** ARM shows an accepted change at once or after a few seconds. */
const changeSettling = seconds(5);
/** A probe reads the asset twice, at the account and through the edge, and within one call. */
const longestAsset = 2 ** 20;
/** Of a container without a small blob among the first ones, none is taken. */
const blobsToLookAt = 1_000;

interface EdgePorts {
  readonly edges: Edges;
  readonly assets: PublicAssets;
  readonly copies: BlobCopies;
  readonly store: StateStore;
}

/** Everything a run may do to what leads users to the blobs of an account. */
export function edgeActivities({ edges, assets, copies, store }: EdgePorts): readonly Activity[] {
  const seen = async (edge: FrontDoor): Promise<EdgeView> => {
    const view = await edges.edge(edge);
    if (view !== undefined) return view;
    throw terminal("no-edge", `${nameOf(edge)} has no ${edge.originGroup ?? edge.endpoint ?? ""}`);
  };

  return [
    contract.observeEdge.implementedBy(classifyError, async ({ edge }) => {
      const view = await seen(edge);
      const hosts = hostsInUse(view);
      const leads = hosts.length === 0 ? "leads nowhere" : `leads to ${hosts.join(" and ")}`;
      return { view, detail: `${nameOf(edge)} ${leads}` };
    }),

    contract.findPublicAsset.implementedBy(classifyError, async ({ edge, account, container }) => {
      const place = { endpoint: account, container };
      if (edge.asset !== undefined) {
        const [, first = "", name = ""] = /^\/([^/]+)\/(.+)$/.exec(edge.asset) ?? [];
        const blob = await copies.properties({ ...place, container: first, name });
        if (blob === undefined) {
          throw terminal("no-asset", `${hostOf(account)} has no ${edge.asset}`);
        }
        if (!isFit(blob)) {
          throw terminal("asset-unfit", `${edge.asset} is archived or too large; name another one`);
        }
        const asset = { container: first, name };
        return { kind: "found", asset, detail: `the estate names ${edge.asset}` };
      }
      const page = await copies.page(place, undefined, blobsToLookAt);
      const [smallest] = (page?.blobs ?? [])
        .filter((blob) => isFit(blob) && blob.bytes > 0)
        .sort((one, other) => one.bytes - other.bytes);
      return smallest === undefined
        ? { kind: "none", detail: `no small blob is among the first of ${container}` }
        : {
            kind: "found",
            asset: { container, name: smallest.name },
            detail: `${container}/${smallest.name}, ${smallest.bytes} bytes`,
          };
    }),

    contract.startOriginMove.implementedBy(classifyError, ({ edge, to, act }, context) => {
      const host = hostOf(to);
      return ensure(store, context, contract.startOriginMove, {
        resource: edge.profile,
        plan: () => ({ changed: true, detail: `would ${textOf(act, host)}` }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          const view = await seen(edge);
          if (holds(view, act, host)) {
            return { changed: false, detail: `there is no need to ${textOf(act, host)}` };
          }
          // In a plan nothing has been enabled before.
          const isExecuted = context.caller.mode === "execute";
          if (isExecuted && act.kind === "disable" && !canDoWithout(view, act.of)) {
            throw terminal("last-origin", `${act.of} is the last origin that is enabled`);
          }
          return undefined;
        },
        act: async () => {
          const operation =
            act.kind === "set-header"
              ? await edges.startHeaderChange(edge, act.of, host)
              : await edges.startOriginChange(
                  edge,
                  act.of,
                  act.kind === "lead"
                    ? { hostName: host, hostHeader: host }
                    : { enabled: act.kind === "enable" },
                );
          return { changed: true, operation, detail: `begun to ${textOf(act, host)}` };
        },
      });
    }),

    contract.startEdgePurge.implementedBy(classifyError, ({ edge, endpoint }, context) =>
      ensure(store, context, contract.startEdgePurge, {
        resource: edge.profile,
        plan: () => ({ changed: true, detail: `would purge ${endpoint}` }),
        // A purge leaves no trace, and another one does no harm.
        onRepeat: "repeat",
        settling: changeSettling,
        observe: () => Promise.resolve(undefined),
        act: async () => ({
          changed: true,
          operation: await edges.startPurge(edge, endpoint),
          detail: `purging ${endpoint}`,
        }),
      }),
    ),

    contract.pollEdgeOperation.implementedBy(classifyError, async ({ edge, operation }) =>
      operationSeen(await edges.operation(edge, operation)),
    ),

    contract.probePublicAsset.implementedBy(classifyError, async ({ hosts, account, asset }) => {
      const place = { endpoint: account, ...asset };
      const path = `/${asset.container}/${asset.name}`;
      const blob = await copies.properties(place);
      if (blob === undefined) throw terminal("no-asset", `${hostOf(account)} has no ${path}`);
      const heads = await Promise.all(hosts.map((host) => assets.head(host, path)));
      const strayed = heads.findIndex(
        ({ status, etag }) => status !== 200 || (etag !== undefined && etag !== blob.etag),
      );
      // What is fetched before the edge has heard of the move, it would keep as that of the old account.
      if (strayed >= 0) {
        const { status, detail } = heads[strayed] ?? {};
        const from = status === 200 ? "a blob of another account" : detail;
        return { leads: false, same: false, detail: `${hosts[strayed] ?? ""} gives ${from ?? ""}` };
      }
      const hash = await copies.hash(place, blob.etag);
      if (hash === undefined) {
        const message = `${path} has just been changed`;
        throw new ClassifiedError({ class: "busy", code: "asset-changed", message });
      }
      const answers = await Promise.all(
        hosts.map((host) => assets.fetch(host, path, longestAsset)),
      );
      const other = answers.findIndex(
        ({ status, bytes, sha256 }) =>
          status !== 200 || bytes !== hash.bytes || sha256 !== hash.sha256,
      );
      if (other < 0) {
        const detail = `${hosts.join(" and ")} give the ${hash.bytes} bytes of ${hostOf(account)}`;
        return { leads: true, same: true, detail };
      }
      const { status, detail = "" } = answers[other] ?? {};
      const what = status === 200 ? "something else that it has kept" : detail;
      return { leads: true, same: false, detail: `${hosts[other] ?? ""} gives ${what}` };
    }),
  ];
}

const isFit = ({ bytes, isArchived }: BlobView): boolean => !isArchived && bytes <= longestAsset;

/** A change in words, as an infinitive. */
function textOf({ kind, of }: EdgeAct, host: string): string {
  switch (kind) {
    case "lead":
      return `lead the origin ${of} to ${host}`;
    case "enable":
    case "disable":
      return `${kind} the origin ${of}`;
    case "set-header":
      return `set the host header of the endpoint ${of} to ${host}`;
  }
}

const nameOf = ({ profile }: FrontDoor): string => parseResourceId(profile)?.name ?? profile;
