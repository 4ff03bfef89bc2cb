import { pino, stdSerializers, type DestinationStream, type Logger, type LoggerOptions } from "pino";
import { GatheredLines } from "./gathered-lines.js";

/**
 * So many bytes of lines wait while nobody reads stdout. Further lines are dropped: a reader that stands still must not make the
 * service stand still.
 */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** Fields that are never shown, in a line and in the objects of a line. */
const SECRETS = ["token", "resumeToken"] as const;
const HIDDEN = "[hidden]";

/**
 * Creates the service's log: JSON lines on stdout, made readable in development. No code logs a token, a secret or media
 * parameters. If code did so by mistake, the line would still hide the tokens.
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
    // Without wildcards: with one, pino takes every text of every line apart, which costs more than all else about the line.
    redact: { paths: [...SECRETS, "req.headers.authorization"], censor: HIDDEN },
    formatters: { log: hideInObjects },
    serializers: { err: errorWithoutSecrets },
  };
  if (destination) return hideInChildren(pino(settings, destination));
  if (!options.pretty) return hideInChildren(logToStdout(settings));
  const target = {
    target: "pino-pretty",
    options: { translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname,node", singleLine: true },
  };
  return hideInChildren(pino({ ...settings, transport: target }));
}

/** pino formats what its children add to their lines in its own way. Children of children are made by the same function. */
function hideInChildren(log: Logger): Logger {
  type Child = (this: Logger, bindings: Record<string, unknown>, options?: object) => Logger;
  const child = Reflect.get<object, string>(log, "child") as Child;
  const hiding: Child = function (bindings, options) {
    return child.call(this, hideInObjects(bindings), options);
  };
  return Object.assign(log, { child: hiding });
}

/** Hides secrets in the objects of a line. An error is shown by its serializer, which hides those in it. */
function hideInObjects(fields: Record<string, unknown>): Record<string, unknown> {
  let shown = fields;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (typeof value !== "object" || value === null || key === "err") continue;
    const safe = hideIn(value);
    if (safe !== value) shown = { ...shown, [key]: safe };
  }
  return shown;
}

function errorWithoutSecrets(error: unknown): unknown {
  const shown: unknown = stdSerializers.err(error as Error);
  return typeof shown === "object" && shown !== null ? hideIn(shown) : shown;
}

/** @returns the object itself when it has no secret; otherwise a copy */
function hideIn<T extends object>(value: T): T {
  const secrets = SECRETS.filter((name) => Object.hasOwn(value, name));
  if (secrets.length === 0) return value;
  const hidden = Object.fromEntries(secrets.map((name) => [name, HIDDEN]));
  return Object.assign(Object.create(Object.getPrototypeOf(value) as object | null) as T, value, hidden);
}

/** The way of all logs of the process to stdout, so that their lines stay in order; undefined before the first log. */
let stdout: GatheredLines | undefined;

/** Lines of one moment go out in one write. What waits at the end of the process is written before it ends. */
function logToStdout(settings: LoggerOptions): Logger {
  if (stdout) return pino(settings, stdout);
  const out = pino.destination({ dest: 1, sync: false, maxLength: MOST_WAITING_BYTES });
  const gathered = (stdout = new GatheredLines(out));
  process.prependListener("exit", () => {
    out.flushSync();
    const last = gathered.take();
    // `out` would leave it to a thread that the process does not wait for.
    if (last !== "") pino.destination({ dest: 1, sync: true }).write(last);
  });
  const log = pino(settings, gathered);
  let dropped = 0;
  out.on("drop", (lines: string) => (dropped += lines.split("\n").length - 1));
  out.on("drain", () => {
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    log.warn({ lines }, "log lines were dropped, because nobody read them");
  });
  return log;
}
