import { type Check, pause, type Stage } from "../check.js";
import type { ScriptedService } from "../scripted-service.js";

const STAYS_AWAY_MS = 3_000;
const RETRY_AFTER_MS = 1_500;
/** A timer may be a little early. */
const EARLY_MS = 100;
const OUTAGE_MS = 5_000;
const MOST_ATTEMPTS = 12;

/** After these codes the client stays away by itself. */
function staysAway(name: "kicked" | "transferred", code: number, asks: string): Check {
  return {
    name,
    asks,
    async run(stage) {
      const line = await stage.entered();
      if (name === "transferred") {
        line.event("session_transferred", { roomId: "conformance", tabId: "another-tab", at: Date.now() });
      }
      line.close(name);
      const comesBack = (): boolean => stage.service.lines.length > 1;
      await stage.never(`connect again after the close code ${code}`, comesBack, STAYS_AWAY_MS);
    },
  };
}

/** When each hello came on any connection, monotonic milliseconds. */
function hellosAt(service: ScriptedService): number[] {
  return service.lines
    .flatMap(({ requests, cameAt }) => cameAt.filter((_, index) => requests[index]?.type === "hello"))
    .toSorted((a, b) => a - b);
}

/** The client must come to the other service and resume the session there. @param by what names the address */
async function resumedAt(other: ScriptedService, stage: Stage, by: string): Promise<void> {
  other.session = stage.service.session;
  const { sessionId, resumeToken } = stage.service.session ?? {};
  const where = `the address that \`${by}\` names, with \`/ws\` at its end`;
  const line = await other.line(0, `connect to ${where},`, stage.patient(10_000));
  await stage.greeted(line);
  const { resume } = line.hello;
  stage.assert(
    resume?.sessionId === sessionId && resume?.resumeToken === resumeToken,
    `The client should resume the same session at the address that \`${by}\` names.`,
  );
}

export const closeChecks: readonly Check[] = [
  staysAway("kicked", 4403, "stays away when an operator has ended its session (4403)"),
  staysAway("transferred", 4409, "stays away when another tab has taken its session over (4409)"),
  {
    name: "expired",
    asks: "begins a new session when its session has expired (4410)",
    async run(stage) {
      const first = await stage.entered();
      stage.service.session = undefined;
      first.close("expired");
      const second = await stage.connected(1, "connect again after the close code 4410");
      await stage.greeted(second);
      await second.until("join its room again", () => stage.service.session?.room, stage.patient(5_000));
    },
  },
  {
    name: "server closing",
    asks: "waits reconnectAfterMs before it comes back to a service that restarts",
    async run(stage) {
      const line = await stage.entered();
      const closedAt = performance.now();
      line.event("server_closing", { reconnectAfterMs: RETRY_AFTER_MS });
      line.close("serviceRestart");
      const back = await stage.resumed(1, "after a restart of the service", 12_000);
      const waitedMs = back.openedAt - closedAt;
      stage.assert(
        waitedMs > RETRY_AFTER_MS - EARLY_MS,
        `The client should wait reconnectAfterMs (${RETRY_AFTER_MS} ms); it came back after ${Math.round(waitedMs)} ms.`,
      );
    },
  },
  {
    name: "overloaded",
    asks: "waits when the service is overloaded: at least half of retryAfterMs, so that a crowd can spread itself over the other half",
    prepare(service) {
      service.answers.hello = (line, request) => {
        service.answers.hello = () => false;
        line.refuse(request, "overloaded", { retryAfterMs: RETRY_AFTER_MS });
      };
    },
    async run(stage) {
      const { service } = stage;
      const first = await stage.connected(0, "connect");
      await stage.greeted(first);
      const deadline = performance.now() + stage.patient(10_000);
      while (hellosAt(service).length < 2 && performance.now() < deadline) await pause(20);
      const [refusedAt = 0, againAt] = hellosAt(service);
      stage.assert(againAt !== undefined, "The client should say hello again after `overloaded`.");
      const waitedMs = (againAt ?? 0) - refusedAt;
      stage.assert(
        waitedMs > RETRY_AFTER_MS / 2 - EARLY_MS,
        `The client should wait at least half of retryAfterMs (${RETRY_AFTER_MS} ms); it said hello after ${Math.round(waitedMs)} ms.`,
      );
    },
  },
  {
    name: "redirect",
    asks: "goes to the address of a redirect, and resumes its session there",
    async run(stage) {
      const { service } = stage;
      const first = await stage.entered();
      const other = await stage.another();
      service.answers.hello = (line, request) => line.refuse(request, "redirect", { url: other.publicUrl });
      first.reset();
      await resumedAt(other, stage, "redirect");
    },
  },
  {
    name: "handed over",
    asks: "goes to the address that `server_closing` names, and resumes its session there",
    async run(stage) {
      const line = await stage.entered();
      const other = await stage.another();
      line.event("server_closing", { reconnectAfterMs: 0, url: other.publicUrl });
      line.close("serviceRestart");
      await resumedAt(other, stage, "server_closing");
    },
  },
  {
    name: "outage",
    asks: "tries again with pauses while the service is away, and resumes when it is back",
    async run(stage) {
      const { service } = stage;
      const line = await stage.entered();
      service.refusing = true;
      line.reset();
      await pause(OUTAGE_MS);
      const { refused } = service;
      stage.assert(refused > 0, `The client should try to connect again within ${OUTAGE_MS} ms.`);
      stage.assert(
        refused <= MOST_ATTEMPTS,
        `The client should pause between two attempts; it made ${refused} in ${OUTAGE_MS} ms.`,
      );
      service.refusing = false;
      await stage.resumed(1, "when the service is back", 15_000);
    },
  },
];
