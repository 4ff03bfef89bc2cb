import type { Scene } from "./checks/scene.js";
import type { ServiceNode } from "./service/node.js";

/** Writes each step of each session's life into the trace. */
export function traceLifecycle({ lifecycle, sweeps, name }: ServiceNode, scene: Scene): void {
  const note = (session: { id: string }, what: string): void => scene.note(scene.nameOf(session.id), what);
  lifecycle.on("opened", ({ session }) => note(session, `opened for ${session.userId}`));
  lifecycle.on("detached", ({ session, closeCode, cause }) => note(session, `detached: ${closeCode}, ${cause}`));
  lifecycle.on("resumed", ({ session, replaced, freshPage }) =>
    note(session, `resumed, epoch ${session.epoch}${replaced ? ", replaced" : ""}${freshPage ? ", fresh page" : ""}`),
  );
  lifecycle.on("resume_refused", ({ sessionId, why }) => note({ id: sessionId }, `resume refused: ${why}`));
  lifecycle.on("joined", ({ session, roomId }) => note(session, `joined ${roomId}`));
  lifecycle.on("transferred", ({ session }) => note(session, `transferred, epoch ${session.epoch}`));
  lifecycle.on("transfer_refused", ({ session }) => note(session, "transfer refused"));
  lifecycle.on("away", ({ session, cause }) => note(session, `away: ${cause}`));
  lifecycle.on("back", ({ session }) => note(session, "back"));
  lifecycle.on("ghost_found", ({ session, verdict }) => note(session, `ghost: ${verdict.cause}`));
  lifecycle.on("left", ({ session, roomId, reason }) => note(session, `left ${roomId}: ${reason}`));
  lifecycle.on("ended", ({ session, reason }) => note(session, `ended: ${reason}`));
  lifecycle.on("cleanup_failed", ({ session, step, attempt }) =>
    note(session, `failed to ${step}, attempt ${attempt}`),
  );
  lifecycle.on("cleaned", ({ session, result }) => note(session, `cleaned: ${result}`));
  sweeps.on("stalled", ({ lateMs }) => {
    if (lateMs > 1_000) scene.note(name, `has stood still for ${Math.round(lateMs)} ms`);
  });
  sweeps.on("held", ({ pass, due, total }) => scene.note(name, `holds its ${pass}: ${due} of ${total} are due`));
}
