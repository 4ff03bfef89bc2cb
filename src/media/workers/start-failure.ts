import { StartError } from "../../kernel/start-error.js";

/**
 * Names the setting that kept the first workers from starting.
 *
 * @param reason mediasoup's error, with the system's message in it, for example
 *   `uv_udp_bind() failed [protocol:udp, ip:'127.0.0.1', port:44444]: address already in use`
 * @param index index of the worker that failed
 */
export function startFailure(
  reason: unknown,
  { port, workers, listenIp, workerBin }: { port: number; workers: number; listenIp: string; workerBin: string },
  index: number,
): Error {
  const message = reason instanceof Error ? reason.message : String(reason);
  const protocol = /\[protocol:(\w+)/.exec(message)?.[1] ?? "udp";
  if (message.includes("address already in use") && port !== 0) {
    const needed =
      workers === 1 ? "" : `: ${workers} workers need ${port} to ${port + workers - 1}, and ${port + index}`;
    return new StartError(`SFU_PORT ${port}${needed} (${protocol}) on ${listenIp} is taken`, { cause: reason });
  }
  if (message.includes("address not available")) {
    return new StartError(`SFU_LISTEN_IP ${listenIp} is no address of this machine`, { cause: reason });
  }
  // The system cannot run the program, or the program ended at once.
  if (/^spawn |^\[pid:/.test(message)) {
    return new StartError(`the media worker ${workerBin} could not be started: ${message}`, { cause: reason });
  }
  return new Error(`a media worker could not be started: ${message}`, { cause: reason });
}
