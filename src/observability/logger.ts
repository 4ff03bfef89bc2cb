import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";

/**
 * So many bytes of lines wait while nobody reads stdout. Further lines are dropped: a reader that stands still must not make the
 * service stand still.
 */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * Creates the service's log: JSON lines on stdout, made readable in development. No code logs a token, a secret or media
 * parameters. If code did so by mistake, the redacted paths below would still hide the tokens.
 *
 * @param destination for tests: where the lines go instead of stdout
 */
export function createLogger(
  options: { level: string; pretty: boolean; nodeId: string },
  destination?: DestinationStream,
): Logger {
  const settings: LoggerOptions = {
    level: options.level,
    base: { node: options.nodeId },
    redact: {
      paths: ["token", "resumeToken", "*.token", "*.resumeToken", "req.headers.authorization"],
      censor: "[hidden]",
    },
  };
  if (destination) return pino(settings, destination);
  if (!options.pretty) return logTo(settings, 1);
  return pino({
    ...settings,
    transport: {
      target: "pino-pretty",
      options: { translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname,node", singleLine: true },
    },
  });
}

/** Lines of one moment go out in one write. What waits at the end of the process is written before it ends. */
function logTo(settings: LoggerOptions, dest: number): Logger {
  const out = pino.destination({ dest, sync: false, maxLength: MOST_WAITING_BYTES });
  const log = pino(settings, out);
  let dropped = 0;
  out.on("drop", () => (dropped += 1));
  out.on("drain", () => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    log.warn({ lines }, "log lines were dropped, because nobody read them");
  });
  return log;
}
