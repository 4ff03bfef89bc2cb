import type { Scene } from "./checks/scene.js";
import type { ServiceNode } from "./service/node.js";

/** Adds each lifecycle event of each session to the trace and counts it by kind. */
export function followLifecycle({ service, media, name }: ServiceNode, scene: Scene): void {
  const { lifecycle, sweeps } = service;
  const step = (session: { id: string }, what: string, detail = ""): void => {
    scene.count("session", what);
    scene.note(scene.nameOf(session.id), what + detail);
  };
  lifecycle.on("opened", ({ session }) => step(session, "opened", ` for ${session.userId}`));
  lifecycle.on("detached", ({ session, closeCode, cause }) => step(session, `detached: ${cause}`, ` (${closeCode})`));
  lifecycle.on("resumed", ({ session, replaced, mediaReset }) => {
    const how = mediaReset ? `: ${mediaReset}` : replaced ? " and replaced" : "";
    step(session, `resumed${how}`, `, epoch ${session.epoch}`);
  });
  lifecycle.on("resume_refused", ({ sessionId, why }) => step({ id: sessionId }, `resume refused: ${why}`));
  lifecycle.on("joined", ({ session, roomId }) => step(session, "joined", ` ${scene.roomNamed(roomId)}`));
  lifecycle.on("transferred", ({ session }) =>
    step(session, session.connection ? "transferred" : "given back", `, epoch ${session.epoch}`),
  );
  lifecycle.on("transfer_refused", ({ session }) => step(session, "transfer refused"));
  lifecycle.on("away", ({ session, cause }) => step(session, `away: ${cause}`));
  lifecycle.on("back", ({ session }) => step(session, "back"));
  lifecycle.on("ghost_found", ({ session, verdict }) => step(session, `ghost: ${verdict.cause}`));
  lifecycle.on("left", ({ session, roomId, reason }) =>
    step(session, `left: ${reason}`, ` (${scene.roomNamed(roomId)})`),
  );
  lifecycle.on("ended", ({ session, reason }) => step(session, `ended: ${reason}`));
  lifecycle.on("directory_failed", ({ session }) => step(session, "not written into the directory"));
  lifecycle.on("cleanup_failed", ({ session, step: failed, attempt }) =>
    step(session, `failed to ${failed}`, `, attempt ${attempt}`),
  );
  lifecycle.on("cleaned", ({ session, result }) => step(session, `cleaned: ${result}`));
  lifecycle.on("call_step", ({ session, step: call, callId }) => {
    scene.note(scene.nameOf(session.id), `${call}: ${scene.callNamed(callId)}`);
  });
  lifecycle.on("call_refused", ({ session, outcome }) => {
    scene.count("call", `refused: ${outcome}`);
    scene.note(scene.nameOf(session.id), `may not call: ${outcome}`);
  });
  lifecycle.on("call_finished", ({ callId, outcome }) => {
    scene.count("call", `finished: ${outcome}`);
    scene.note(scene.callNamed(callId), outcome);
  });
  sweeps.on("stalled", ({ lateMs }) => {
    scene.count("service", "credited a stall");
    if (lateMs > 1_000) scene.note(name, `has stood still for ${Math.round(lateMs)} ms`);
  });
  sweeps.on("held", ({ pass, due, total }) => {
    scene.count("service", `held its ${pass}`);
    scene.note(name, `holds its ${pass}: ${due} of ${total} are due`);
  });
  sweeps.on("swept", ({ stuckRetried }) => {
    scene.count("service", "swept");
    if (stuckRetried > 0) scene.count("service", "tried stuck cleanups again");
  });
  media.on("worker_died", ({ rooms }) => scene.count("service", rooms ? "lost a worker in use" : "lost a worker"));
  media.on("evidence", ({ state }) => scene.count("service", `saw media ${state}`));
}
