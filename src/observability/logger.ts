import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";

/**
 * The service's log: JSON lines on stdout, made readable in development. No line holds a token, a secret or media
 * parameters; the paths below are a net under that.
 *
 * @param destination where the lines go instead of stdout; for tests
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
  if (!options.pretty) return pino(settings);
  return pino({
    ...settings,
    transport: {
      target: "pino-pretty",
      options: { translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname,node", singleLine: true },
    },
  });
}
