import { StartError } from "../../kernel/start-error.js";

/**
 * Why the first workers could not be started, by the settings of the service.
 *
 * @param reason from mediasoup, which says in words what its worker was told by the system:
 *   `uv_udp_bind() failed [protocol:udp, ip:'127.0.0.1', port:44444]: address already in use`
 * @param index which worker it is
 */
export function startFailure(
  reason: unknown,
  { port, workers, listenIp, workerBin }: { port: number; workers: number; listenIp: string; workerBin: string },
  index: number,
): Error {
  const said = reason instanceof Error ? reason.message : String(reason);
  const protocol = /\[protocol:(\w+)/.exec(said)?.[1] ?? "udp";
  if (said.includes("address already in use") && port !== 0) {
    const needed =
      workers === 1 ? "" : `: ${workers} workers need ${port} to ${port + workers - 1}, and ${port + index}`;
    return new StartError(`SFU_PORT ${port}${needed} (${protocol}) on ${listenIp} is taken`, { cause: reason });
  }
  if (said.includes("address not available")) {
    return new StartError(`SFU_LISTEN_IP ${listenIp} is no address of this machine`, { cause: reason });
  }
  // The system does not run it, or it has ended at once.
  if (/^spawn |^\[pid:/.test(said)) {
    return new StartError(`the media worker ${workerBin} could not be started: ${said}`, { cause: reason });
  }
  return new Error(`a media worker could not be started: ${said}`, { cause: reason });
}
