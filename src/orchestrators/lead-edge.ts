import * as edge from "../activities/edge.contract.js";
import { hostOf } from "../domain/address.js";
import {
  actsOf,
  hostsInUse,
  progressOf,
  type EdgeAct,
  type EdgeView,
} from "../domain/edge-move.js";
import type { FrontDoor } from "../domain/estate.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { edgeWaits as waits, type EdgeStep } from "../scenarios/edge-steps.js";
import { followEdge } from "./follow-operations.js";
import { stuck, type Stuck } from "./stuck.js";

/** From one storage account to another; accounts by the address of their blobs, as ARM gives it. */
export interface EdgeMove {
  readonly from: string;
  readonly to: string;
  /** Where the file that proves the move is looked for, unless the estate names one. */
  readonly container: string;
  /** Tells an act of a run that leads the edge there from one that leads it back. */
  readonly nth?: 1 | 2;
}

const { within } = waits.operation;

/** An edge whose origins lead to another account; that every place of it knows is not proven yet. */
export interface LedEdge {
  readonly place: FrontDoor;
  readonly view: EdgeView;
  readonly to: string;
  readonly container: string;
  /** A file that proves it; absent where none is small enough, or a plan cannot know. */
  readonly asset: { readonly container: string; readonly name: string } | undefined;
  readonly nth: 1 | 2;
}

/**
 * Leads users to the blobs of another account, and proves it as one of them: undefined once they get
 * what that account has, or where the estate has no edge.
 */
export function* leadEdge(run: Recovery<EdgeStep>, move: EdgeMove): Durable<Stuck | undefined> {
  return yield* proveEdge(run, yield* changeEdge(run, move));
}

/** The first half: the origins are changed, and Azure has taken it in. Other work can go on while it spreads. */
export function* changeEdge(
  run: Recovery<EdgeStep>,
  move: EdgeMove,
): Durable<LedEdge | Stuck | undefined> {
  const { frontDoor } = run.order.estate;
  if (frontDoor === undefined) return undefined;
  const held = yield* run.holding(frontDoor.profile, () => change(run, frontDoor, move));
  return held.ok ? held.value : stuck("the edge could not be had alone", held.failure);
}

/** The second half: it has spread, what was kept is purged, and users get what the account has. */
export function* proveEdge(
  run: Recovery<EdgeStep>,
  led: LedEdge | Stuck | undefined,
): Durable<Stuck | undefined> {
  if (led === undefined || "why" in led) return led;
  const held = yield* run.holding(led.place.profile, () => prove(run, led));
  return held.ok ? held.value : stuck("the edge could not be had alone", held.failure);
}

function* change(
  run: Recovery<EdgeStep>,
  place: FrontDoor,
  { from, to, container, nth = 1 }: EdgeMove,
): Durable<LedEdge | Stuck> {
  const seen = yield* run.step("observe-edge", edge.observeEdge, { edge: place });
  if (!seen.ok) return stuck("nobody can tell where the edge leads", seen.failure);
  const { view } = seen.value;
  const acts = actsOf(view, hostOf(from), hostOf(to));
  if (acts === undefined) {
    const where = hostsInUse(view).join(" and ");
    return stuck(`the edge leads to ${where}, neither to ${hostOf(from)} nor to ${hostOf(to)}`);
  }

  // Users are not led to what nobody can read. A plan may be about an account that is not there yet.
  const wanted = { edge: place, account: to, container };
  const chosen = run.planning
    ? undefined
    : yield* run.step("find-asset", edge.findPublicAsset, wanted);
  if (chosen?.ok === false) return stuck("the new account cannot be read", chosen.failure);

  for (const act of acts) {
    const failed = yield* carryOut(run, place, {
      to,
      act,
      name: itemOf(`${act.kind}-${act.of}`, nth),
    });
    if (failed !== undefined) return failed;
  }
  const asset = chosen?.value.kind === "found" ? chosen.value.asset : undefined;
  return { place, view, to, container, asset, nth };
}

function* prove(
  run: Recovery<EdgeStep>,
  { place, view, to, container, asset, nth }: LedEdge,
): Durable<Stuck | undefined> {
  const hosts = view.endpoints.map(({ hostName }) => hostName);
  const probed = { hosts, account: to, asset: asset ?? { container, name: "" } };
  const isProvable = run.planning || (asset !== undefined && hosts.length > 0);
  if (isProvable) {
    const waited = yield* run.until("await-edge", edge.probePublicAsset, probed, {
      ...waits.edge,
      done: ({ leads }) => leads,
    });
    if (waited !== "done") return stuck(`the edge does not ask ${hostOf(to)} yet`);
  }

  // What is purged earlier the edge may fetch from the old account once more.
  for (const { name } of view.endpoints) {
    const target = { edge: place, endpoint: name };
    const item = itemOf(name, nth);
    const purged = yield* run.step("purge-edge", edge.startEdgePurge, target, item);
    if (!purged.ok) return stuck(`${name} could not be purged`, purged.failure);
    const { operation } = purged.value;
    yield* followEdge(run, place, { step: "purge-edge", operation, within });
  }

  if (!isProvable) {
    run.journal.finding(
      `nobody has proven that the edge gives the files of ${hostOf(to)}: there is no small file, or no address to ask for it`,
    );
    return undefined;
  }
  const verified = yield* run.until("verify-edge", edge.probePublicAsset, probed, {
    ...waits.purged,
    done: ({ leads, same }) => leads && same,
  });
  return verified === "done" ? undefined : stuck(`the edge does not give what ${hostOf(to)} has`);
}

const itemOf = (name: string, nth: 1 | 2): string => (nth === 1 ? name : `${name}-back`);

/** One change of the edge, which is followed until ARM shows it. */
function* carryOut(
  run: Recovery<EdgeStep>,
  place: FrontDoor,
  { to, act, name }: { readonly to: string; readonly act: EdgeAct; readonly name: string },
): Durable<Stuck | undefined> {
  const wanted = { edge: place, to, act };
  const started = yield* run.step("move-origin", edge.startOriginMove, wanted, name);
  if (!started.ok) return stuck("the edge could not be changed", started.failure);
  const { operation } = started.value;
  yield* followEdge(run, place, { step: "move-origin", operation, within });
  const progress = (view: Parameters<typeof progressOf>[0]) => progressOf(view, act, hostOf(to));
  const waited = yield* run.until(
    "await-origin",
    edge.observeEdge,
    { edge: place },
    {
      ...waits.origin,
      done: ({ view }) => progress(view) === "done",
      failed: ({ view }) => progress(view) === "failed",
    },
  );
  if (waited === "done") return undefined;
  return stuck(
    waited === "failed"
      ? `Azure could not change ${act.of} of the edge`
      : `the change of ${act.of} was not taken in by the edge in time`,
  );
}
