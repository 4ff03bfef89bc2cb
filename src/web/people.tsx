/** Who is in the room, present or away, and how fresh the last sign of life of each is. */
import type { Participant } from "@lastseen/client";
import { useEffect, useState } from "preact/hooks";
import { ago, type Freshness } from "./freshness.js";
import { Icon } from "./icon.js";
import type { LiveCall } from "./live-call.js";
import { moodOf, Ring } from "./ring.js";

const TICK_MS = 1_000;
/** Until the service has told its own. */
const IDLE_TIMEOUT_MS = 120_000;

export function People({ call, freshness }: { call: LiveCall; freshness: Freshness }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((ticks) => ticks + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <ul
      class="people"
      data-testid="roster"
      aria-label="People in the room"
      tabIndex={0}
      data-stale={call.isLive.value ? undefined : ""}
    >
      {call.participants.value.map((participant) => (
        <Person
          key={participant.sessionId}
          participant={participant}
          ageMs={freshness.ageMs(participant)}
          call={call}
        />
      ))}
    </ul>
  );
}

function Person({ participant, ageMs, call }: { participant: Participant; ageMs: number; call: LiveCall }) {
  const { sessionId, userId, name, state, metadata } = participant;
  const own = call.isOwn(participant);
  const isLive = call.isLive.value;
  const sharesScreen = call.screens.some((screen) => screen.participant.sessionId === sessionId);
  const idleTimeoutMs = call.client.session?.heartbeat.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
  const left = Math.max(0, 1 - ageMs / idleTimeoutMs);
  return (
    <li
      data-testid="roster-entry"
      data-session-id={sessionId}
      data-user-id={userId}
      data-state={state}
      data-own={own ? "" : undefined}
      data-age-ms={Math.round(ageMs)}
    >
      <Ring left={left} mood={isLive ? moodOf(state, left) : "away"} />
      <div>
        <span class="name" data-testid="roster-name">
          <bdi>{name}</bdi>
          {own && " (you)"}
        </span>
        <span class="seen" data-testid="freshness">
          {isLive ? `${state === "away" ? "away, " : ""}seen ${ago(ageMs)}` : offlineWords(own, state)}
        </span>
      </div>
      <span class="marks">
        {metadata["hand"] === true && (
          <span class="hand" title="Hand raised">
            <Icon name="hand" />
          </span>
        )}
        {sharesScreen && (
          <span class="shares" title="Shares the screen">
            <Icon name="screen" />
          </span>
        )}
        <Icon name={call.sends(participant, "mic") ? "mic" : "micOff"} />
        <Icon name={call.sends(participant, "camera") ? "camera" : "cameraOff"} />
      </span>
    </li>
  );
}

/** What is known of somebody while this page has no connection. */
function offlineWords(own: boolean, state: Participant["state"]): string {
  return own ? "you are offline" : `last known: ${state}`;
}
