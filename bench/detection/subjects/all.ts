import { janus } from "./janus.js";
import { lastseen } from "./lastseen.js";
import { colyseus, hocuspocus, socketIo } from "./npm.js";
import { signalr } from "./signalr.js";
import type { Subject } from "./subject.js";

/** @param main the built service, `dist/main.js` */
export function allSubjects(main: string): Subject[] {
  return [lastseen(main), socketIo, colyseus, hocuspocus, signalr, janus];
}
