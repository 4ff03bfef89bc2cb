/** What somebody misses of another person: the longest silence and the longest still picture, as the browser counts them. */
import type { Participant } from "./participant.js";

/** Milliseconds. */
export interface Gaps {
  /** The longest time without a packet of sound. */
  sound: number;
  /** The longest time without a new picture. */
  picture: number;
}

interface Watch {
  gaps: Gaps;
}

declare global {
  interface Window {
    watch?: Watch;
  }
}

/**
 * Begins to measure, in the page of somebody who receives one other person. Looks at the tracks that the page shows, and at
 * what has come for them. The browser makes new figures every 50 ms, so each gap is up to 50 ms too long, and up to a packet
 * or picture too long beside.
 */
export async function watchGaps({ inside }: Participant): Promise<void> {
  await inside.evaluate(() => {
    const { media } = window.lastseen ?? {};
    if (!media) throw new Error("the page has no media");
    const gaps = { sound: 0, picture: 0 };
    const last = {
      audio: { track: "", count: 0, at: performance.now() },
      video: { track: "", count: 0, at: performance.now() },
    };
    window.watch = { gaps };
    const look = async () => {
      const report: ReadonlyMap<string, RTCInboundRtpStreamStats> | undefined = await media.getStats("recv");
      const now = performance.now();
      for (const { track, kind } of media.tracks) {
        const stats = [...(report?.values() ?? [])].find(
          ({ type, trackIdentifier }) => type === "inbound-rtp" && trackIdentifier === track.id,
        );
        const count = (kind === "audio" ? stats?.packetsReceived : stats?.framesDecoded) ?? 0;
        const before = last[kind];
        if (count > (before.track === track.id ? before.count : 0)) last[kind] = { track: track.id, count, at: now };
      }
      gaps.sound = Math.max(gaps.sound, now - last.audio.at);
      gaps.picture = Math.max(gaps.picture, now - last.video.at);
    };
    const loop = async () => {
      for (;;) {
        await look();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    void loop();
  });
}

/** The longest gaps since the last question, or since {@link watchGaps}. */
export function longestGaps({ inside }: Participant): Promise<Gaps> {
  return inside.evaluate(() => {
    const { gaps } = window.watch ?? {};
    if (!gaps) throw new Error("nothing is measured");
    const longest = { sound: Math.round(gaps.sound), picture: Math.round(gaps.picture) };
    gaps.sound = gaps.picture = 0;
    return longest;
  });
}
