import { AGENT_PATH } from "@lastseen/protocol/agent";
import { systemClock } from "../../../src/kernel/clock.js";
import { MediaAgent } from "./media-agent.js";
import { checkOptions, type MediasoupWatch, type WatchOptions } from "./options.js";

/**
 * Reports the media of this process to a Lastseen service, and closes what belongs to sessions that end there. Call it before
 * you start workers, or name them in the option `workers`. A transport belongs to the session that its `appData.sessionId`
 * names. While the service cannot be reached, nothing is closed and the agent tries again.
 *
 *     import * as mediasoup from "mediasoup";
 *     watchMediasoup({ url: "https://lastseen.example", token: process.env.AGENT_TOKEN, mediasoup });
 *
 * @throws TypeError when an option is wrong
 */
export function watchMediasoup(options: WatchOptions): MediasoupWatch {
  const checked = checkOptions(options, AGENT_PATH);
  const agent = new MediaAgent({ ...checked, clock: systemClock, random: Math.random });
  agent.start();
  return { close: () => agent.close() };
}
