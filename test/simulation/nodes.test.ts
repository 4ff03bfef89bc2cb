import { afterEach, describe, expect, test, vi } from "vitest";
import { Audit } from "../../src/cluster/audit.js";
import { Membership } from "../../src/cluster/membership.js";
import { Adoption } from "../../src/room/adoption.js";
import { Room } from "../../src/room/room.js";
import { ClusterRun } from "./nodes/cluster-run.js";

const SEEDS = 60;
const MINUTES = 10;
/** The simulation must notice a mutation within this number of seeds. */
const NOTICED_WITHIN = 40;

/** Runs seeds one after the other and adds up their counts. Throws with the trace of the first seed that fails. */
async function runSeeds(count: number, mishaps: "all" | "store"): Promise<Map<string, number>> {
  const totals = new Map<string, number>();
  for (let seed = 1; seed <= count; seed++) {
    const { failure, trace, counts } = await new ClusterRun(seed, mishaps).run(MINUTES);
    if (failure !== undefined) throw new Error(`seed ${seed} (${mishaps}): ${failure}\n${trace.join("\n")}`);
    for (const [what, times] of counts) totals.set(what, (totals.get(what) ?? 0) + times);
  }
  return totals;
}

test(`${SEEDS} seeds of ${MINUTES} minutes with faults of nodes and store: in the end everybody is in the room once`, async () => {
  const totals = await runSeeds(SEEDS, "all");
  for (const what of ["adopted", "resumed", "fenced", "handed_over", "ended: node_lost", "node dies", "node stops"]) {
    expect(totals.get(what) ?? 0, what).toBeGreaterThan(20);
  }
});

test(`${SEEDS / 4} seeds with a store that is away, or forgets the last seconds or everything: no session moves`, async () => {
  const totals = await runSeeds(SEEDS / 4, "store");
  expect(totals.get("store forgets everything")).toBeGreaterThan(20);
  for (const what of ["adopted", "fenced", "ended: node_lost"]) expect(totals.get(what) ?? 0, what).toBe(0);
});

describe("what the simulation would notice", () => {
  afterEach(() => vi.restoreAllMocks());

  test("nodes take another node for dead as soon as its lease has expired", async () => {
    vi.spyOn(Membership.prototype, "dead").mockImplementation(function (this: Membership) {
      return this.nodes.filter(({ expired }) => expired);
    });
    const totals = await runSeeds(NOTICED_WITHIN, "store");
    expect(totals.get("adopted") ?? 0).toBeGreaterThan(0);
  });

  test("nodes never compare their sessions with the directory", async () => {
    vi.spyOn(Audit.prototype, "run").mockResolvedValue();
    await expect(runSeeds(NOTICED_WITHIN, "all")).rejects.toThrow(
      /in the end|the directory has|V1|instead of|leases|is on/,
    );
  });

  test("a node that was cut off goes on with its sessions under their old epochs", async () => {
    vi.spyOn(Audit.prototype, "leaseBegan").mockImplementation(function (this: Audit) {
      return this.run();
    });
    await expect(runSeeds(NOTICED_WITHIN, "all")).rejects.toThrow(/in the backend's table/);
  });

  test("a room keeps its epoch when it comes from another node, or when its node was cut off", async () => {
    vi.spyOn(Room.prototype, "heldUnder").mockImplementation(() => {});
    await expect(runSeeds(NOTICED_WITHIN, "all")).rejects.toThrow(/room-\d is (not|still) open/);
  });

  test("no node adopts the sessions of a dead node", async () => {
    vi.spyOn(Adoption.prototype, "adopt").mockResolvedValue(0);
    await expect(runSeeds(NOTICED_WITHIN, "all")).rejects.toThrow(
      /in the end|the directory has|instead of|leases|V1|V2|the backend/,
    );
  });
});
