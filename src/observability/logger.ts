import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino";

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
  if (!options.pretty) return pino(settings);
  return pino({
    ...settings,
    transport: {
      target: "pino-pretty",
      options: { translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname,node", singleLine: true },
    },
  });
}
