/** What a timeline and the log tell of each step of a session's life, beside the session itself. */
import type {
  EndReason,
  EvidenceBrief,
  EvidenceReport,
  GhostCause,
  GivenUp,
  LeaveReason,
  TimelineStep,
} from "@lastseen/protocol";
import type { CallStepLive, CallStepOver, CleanupResult, LifecycleEvents } from "../session/events.js";
import type { Actor } from "../session/actor.js";
import type { DetachKind } from "../session/evidence.js";
import type { MediaReset } from "../session/session.js";

/** The step says everything. */
type NoDetail = Readonly<Record<string, never>>;
/** Who asked for it; missing when no operator did. */
type ByActor = { by?: Actor };
type OfCleanup = { reason: EndReason; result: CleanupResult; attempts: number; durationMs: number };
type OfLiveCall = Pick<CallStepLive, "callId" | "peer" | "kind">;

interface EachStep {
  "session opened": { tabId: string };
  "session resumed": { epoch: number; replaced: boolean; mediaReset: MediaReset | undefined };
  /** `fromNodeId`: the dead node from which this node took the session over; missing when another node handed it over. */
  "session adopted": { epoch: number; fromNodeId?: string };
  "session held again": { epoch: number };
  "session given up": { epoch: number; reason: GivenUp } & ByActor;
  "session transferred": { fromTabId: string; toTabId: string; epoch: number };
  "transfer refused": { reason: "rate_limited" };
  "name changed": { name: string };
  "session ended": {
    reason: LeaveReason;
    cause: GhostCause | undefined;
    evidence: EvidenceReport | undefined;
  } & ByActor;
  /** `roomId`: missing when the user is blocked everywhere. */
  "user blocked": { roomId?: string; expiresAt: number; by: Actor };
  "joined room": NoDetail;
  "left room": {
    roomId: string;
    reason: LeaveReason;
    cause: GhostCause | undefined;
    sinceLastSignMs: number;
  } & ByActor;
  "socket ended": { closeCode: number; reason: DetachKind };
  away: { reason: GhostCause };
  back: { reason: "heard" };
  "ghost found": { reason: GhostCause; evidence: EvidenceBrief };
  "directory not written": NoDetail;
  "cleanup step failed": { step: string; attempt: number };
  "cleanup verified": OfCleanup;
  "cleanup unseen": OfCleanup;
  "cleanup stuck": OfCleanup;
  "call started": OfLiveCall;
  "call rings": OfLiveCall;
  "call accepted": OfLiveCall;
  "call over": Pick<CallStepOver, "callId" | "peer" | "reason" | "wasRinging">;
  "call refused": { peer: string; reason: LifecycleEvents["call_refused"]["outcome"] };
}

/** The detail of each step. The compiler asks for one for every {@link TimelineStep}. */
export type StepDetails = { readonly [S in TimelineStep]: Readonly<EachStep[S]> };
