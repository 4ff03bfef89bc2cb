import type { Directory, HeldEntry, NodeStatus, PlacedSession, SessionEntry } from "../ports/directory.js";
import { leaseId, type LeaseId, type LeaseKey } from "../ports/lease-id.js";
import { Gathered } from "./gathered.js";
import { KnownLeases } from "./known-leases.js";
import type { Runner } from "./runner.js";
import { readPages } from "./pages.js";
import * as replies from "./replies.js";
import { loadScript, type Script } from "./script.js";
import { sessionArguments } from "./session-record.js";
import { readId, storedId } from "./stored-text.js";

const NEW_EPOCH = loadScript("new-epoch");
const REGISTER = loadScript("register");
const RENEW = loadScript("renew");
const RESIGN = loadScript("resign");
const CLAIM_ROOM = loadScript("claim-room");
const RECLAIM_ROOM = loadScript("reclaim-room");
const RELEASE_ROOM = loadScript("release-room");
const FIND_ROOM = loadScript("find-room");
const PUT_SESSIONS = loadScript("put-sessions");
const REMOVE_SESSION = loadScript("remove-session");
const FIND_SESSIONS = loadScript("find-sessions");
const SESSIONS_OF_USER = loadScript("sessions-of-user");
const TAKE_OVER = loadScript("take-over");
const HAND_OVER = loadScript("hand-over");
const OWN_ROOMS = loadScript("own-rooms");
const OWN_SESSIONS = loadScript("own-sessions");
const COUNTS = loadScript("counts");

/** Where there are more leases than this, a renewal is told what has changed. */
const MOST_LEASES_TOLD = 10;
/** So many sessions are written or found by one script. Redis does nothing else while it runs. */
const PAGE = 50;

type PutOutcome = Awaited<ReturnType<Directory["putSession"]>>;

/** One node's access to the directory in Redis. Redis runs each script as a whole or not at all. */
export class RedisDirectory implements Directory {
  readonly nodeId: string;
  readonly #link: Runner;
  readonly leaseMs: number;
  #lease: LeaseId | undefined;
  readonly #known = new KnownLeases();
  /** When many clients come at the same moment, their sessions are found together, and written together. */
  readonly #found: Gathered<string, PlacedSession | undefined>;
  readonly #stored: Gathered<SessionEntry, PutOutcome>;
  readonly #format: number;

  /** @param format of what is stored, when nothing else writes it; 0: the hold on the node's name does */
  constructor(link: Runner, nodeId: string, leaseMs: number, format = 0) {
    this.#link = link;
    this.nodeId = nodeId;
    this.leaseMs = leaseMs;
    this.#format = format;
    this.#found = new Gathered({ ask: (ids) => this.#find(ids), read: replies.readPlaced, most: PAGE });
    this.#stored = new Gathered({ ask: (entries) => this.#put(entries), read: replies.readStored, most: PAGE });
  }

  /** The lease under which this node writes; undefined before {@link register}. */
  get lease(): LeaseId | undefined {
    return this.#lease;
  }

  /** @param least the epoch is not less than this one, which the caller has from another shard */
  async newEpoch(least = 0): Promise<number> {
    return replies.integer(await this.#link.run(NEW_EPOCH, [least]));
  }

  /** @param epoch `least`: the epoch is not less; `exact`: the epoch, which the caller has from another shard */
  async register(
    url: string | undefined,
    { least = 0, exact = 0 }: { least?: number; exact?: number } = {},
  ): Promise<{ epoch: number; leaseMs: number }> {
    const args = [this.nodeId, url ?? "", this.leaseMs, least, exact];
    const epoch = replies.integer(await this.#link.run(REGISTER, args));
    this.#lease = leaseId({ nodeId: this.nodeId, epoch });
    this.#known.forget();
    this.#link.wrote();
    return { epoch, leaseMs: this.leaseMs };
  }

  async renew(status: NodeStatus): ReturnType<Directory["renew"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    const { draining, sent } = status;
    const own = [this.#lease, this.leaseMs, draining ? 1 : 0, sent];
    const known = [this.#known.latest, MOST_LEASES_TOLD];
    const answer = replies.readRenewed(await this.#link.run(RENEW, [...own, ...known, this.#format]));
    // Without a lease the script has written nothing.
    if (answer.kind === "no_lease") return answer;
    this.#link.wrote();
    const nodes = this.#known.take(answer);
    return nodes ? { kind: "renewed", nodes } : this.renew(status);
  }

  async resign(): Promise<void> {
    if (this.#lease === undefined) return;
    this.#stored.flush();
    for (let more = true; more;) more = replies.flag(await this.#link.run(RESIGN, [this.#lease]));
    this.#lease = undefined;
  }

  async claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    return replies.readClaimed(await this.#link.run(CLAIM_ROOM, [this.#lease, storedId(roomId), "claim"]));
  }

  async previewRoom(roomId: string): ReturnType<Directory["previewRoom"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    const claim = replies.readClaimed(await this.#link.run(CLAIM_ROOM, [this.#lease, storedId(roomId), "preview"]));
    return claim.kind === "here" ? { kind: "here" } : claim;
  }

  async reclaimRoom(roomId: string): ReturnType<Directory["reclaimRoom"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    return replies.readReclaimed(await this.#link.run(RECLAIM_ROOM, [this.#lease, storedId(roomId)]));
  }

  async releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    this.#stored.flush();
    return replies.readReleased(await this.#link.run(RELEASE_ROOM, [this.#lease, storedId(roomId)]));
  }

  async findRoom(roomId: string): ReturnType<Directory["findRoom"]> {
    return replies.readHome(await this.#link.run(FIND_ROOM, [storedId(roomId)]));
  }

  async putSession(entry: SessionEntry): ReturnType<Directory["putSession"]> {
    return this.#lease === undefined ? replies.NO_LEASE : this.#stored.ask(entry);
  }

  async removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    return replies.readRemoved(await this.#link.run(REMOVE_SESSION, [this.#lease, sessionId, epoch]));
  }

  findSession(sessionId: string): ReturnType<Directory["findSession"]> {
    return this.#found.ask(sessionId);
  }

  async findSessions(sessionIds: readonly string[]): Promise<readonly PlacedSession[]> {
    if (sessionIds.length === 0) return [];
    return replies.readAllPlaced(await this.#find(sessionIds));
  }

  async sessionsOfUser(userId: string): ReturnType<Directory["sessionsOfUser"]> {
    return replies.readAllPlaced(await this.#link.run(SESSIONS_OF_USER, [storedId(userId)]));
  }

  async takeOver(lease: LeaseKey, most: number): ReturnType<Directory["takeOver"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    return replies.readTaken(await this.#link.run(TAKE_OVER, [this.#lease, leaseId(lease), most]));
  }

  async handOver(what: readonly HeldEntry[], nodeId: string): ReturnType<Directory["handOver"]> {
    if (this.#lease === undefined) return replies.NO_LEASE;
    // Who has just entered a room moves with it.
    this.#stored.flush();
    const named = what.flatMap((each) =>
      "roomId" in each ? ["room", storedId(each.roomId)] : ["session", each.sessionId],
    );
    return replies.readHanded(await this.#link.run(HAND_OVER, [this.#lease, nodeId, ...named]), what);
  }

  async own(): ReturnType<Directory["own"]> {
    const rooms = (await this.#pages(OWN_ROOMS)).map((room) => readId(replies.text(room)));
    const sessions = replies.readSessions(await this.#pages(OWN_SESSIONS));
    return { rooms, sessions };
  }

  async counts(): ReturnType<Directory["counts"]> {
    return replies.readCounts(await this.#link.run(COUNTS, []));
  }

  /** Resigns if Redis answers. If not, the lease runs out by itself. */
  async close(): Promise<void> {
    await this.resign().catch(() => undefined);
    this.#lease = undefined;
  }

  async #find(sessionIds: readonly string[]): Promise<readonly unknown[]> {
    return replies.list(await this.#link.run(FIND_SESSIONS, sessionIds));
  }

  /** Under the lease of this moment, because the node may have got another one since it was asked. */
  async #put(entries: readonly SessionEntry[]): Promise<readonly unknown[]> {
    const args = [this.#lease ?? "", ...entries.flatMap(sessionArguments)];
    return replies.list(await this.#link.run(PUT_SESSIONS, args));
  }

  /** Runs a script that answers in pages, and returns the items of all pages. */
  async #pages(script: Script): Promise<readonly unknown[]> {
    return this.#lease === undefined ? [] : readPages(this.#link, script, this.#lease);
  }
}
