import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Participant, ReplyData, RequestType, RoomSnapshot } from "@lastseen/protocol";
import type { AnyRequest } from "@lastseen/protocol/codec";
import { WebSocketServer } from "ws";
import { Fault } from "./fault.js";
import { Line, type LineSink, type RequestOf } from "./line.js";

/** The room that the program under test enters. */
export const ROOM = "conformance";
const RESUME_GRACE_MS = 20_000;

/** The session of the client, as this service knows it. */
interface Session {
  sessionId: string;
  epoch: number;
  resumeToken: string;
  room: RoomSnapshot | undefined;
}

/** Takes a request instead of the service. @returns `false` to let the service answer */
type Answer<T extends RequestType> = (line: Line, request: RequestOf<T>) => boolean | void;
type Answers = { [T in RequestType]?: Answer<T> };

/**
 * A service for one client. By itself it answers as a real one does that has nobody else in its rooms. A check changes what it
 * answers, breaks its lines and closes them.
 */
export class ScriptedService implements LineSink {
  /** All connections, in the order in which they came. */
  readonly lines: Line[] = [];
  /** What the check answers itself. */
  readonly answers: Answers = {};
  /** Frames that no service would accept. Any of them fails the check. */
  readonly faults: string[] = [];
  readonly tokens: string[] = [];
  /** How often the client must ping. */
  intervalMs = 1_000;
  watchedIntervalMs: number | undefined = undefined;
  /** Who is in the room beside the client. */
  readonly others: Participant[] = [];
  /** TCP connections that were refused while {@link refusing}. */
  refused = 0;
  refusing = false;
  /** Undefined: a resume is refused with `session_gone`. */
  session: Session | undefined = undefined;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
  readonly #watchers = new Set<() => void>();
  #sessions = 0;

  private constructor() {
    this.#http = createServer((request, response) => this.#answerHttp(request.url ?? "", response));
    this.#http.on("upgrade", (request, wire, head) => {
      if (this.refusing) {
        this.refused += 1;
        wire.destroy();
        return;
      }
      this.#sockets.handleUpgrade(request, wire, head, (socket) => {
        this.lines.push(new Line(socket, request.socket, this));
        this.#wake();
      });
    });
  }

  static async start(): Promise<ScriptedService> {
    const service = new ScriptedService();
    service.#http.listen(0, "127.0.0.1");
    await once(service.#http, "listening");
    return service;
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Where the client connects. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  /** The same in the form in which a service names another node: the client makes a WebSocket address of it, and adds `/ws`. */
  get publicUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Answers each `GET` with a new token. */
  get tokenUrl(): string {
    return `${this.publicUrl}/token`;
  }

  /** Waits for the connection after so many others. */
  async line(index: number, what: string, withinMs: number): Promise<Line> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const line = this.lines[index];
      if (line) return line;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Fault(`The client should ${what} within ${withinMs} ms.`);
      await this.#change(leftMs);
    }
  }

  async close(): Promise<void> {
    for (const line of this.lines) line.end();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  /** Begins a session as after a hello without `resume`. */
  newSession(): Session {
    this.#sessions += 1;
    const number = this.#sessions;
    this.session = { sessionId: `session-${number}`, epoch: 1, resumeToken: `resume-${number}-1`, room: undefined };
    return this.session;
  }

  snapshot(id: string, line: Line): RoomSnapshot {
    const now = Date.now();
    const self: Participant = {
      userId: "tester",
      name: "Tester",
      sessionId: this.session?.sessionId ?? "",
      state: "present",
      joinedAt: now,
      lastSeenAt: now,
      metadata: line.find("join")?.data.metadata ?? {},
      producers: [],
    };
    return { id, version: 1, participants: [...this.others, self] };
  }

  request(line: Line, request: AnyRequest): void {
    const own = this.answers[request.type];
    if (own && own(line, request as never) !== false) return;
    this.#answer(line, request);
  }

  fault(message: string): void {
    this.faults.push(message);
  }

  closed(): void {
    this.#wake();
  }

  /** The answer to a hello of which the check has decided that it is right. */
  welcome(line: Line, request: RequestOf<"hello">, session: Session, resumed: boolean): void {
    line.reply(request, {
      sessionId: session.sessionId,
      epoch: session.epoch,
      resumeToken: session.resumeToken,
      resumed,
      user: { id: request.data.user?.id ?? "tester", name: "Tester" },
      nodeId: "conformance",
      heartbeat: {
        intervalMs: this.intervalMs,
        ...(this.watchedIntervalMs === undefined ? {} : { watchedIntervalMs: this.watchedIntervalMs }),
        idleTimeoutMs: 120_000,
        sweepIntervalMs: 30_000,
        resumeGraceMs: RESUME_GRACE_MS,
      },
      room: session.room ?? null,
      ...(session.room ? { routerRtpCapabilities: null } : {}),
      call: null,
    });
  }

  #answer(line: Line, request: AnyRequest): void {
    const { session } = this;
    switch (request.type) {
      case "hello":
        this.#greet(line, request);
        return;
      case "ping":
        line.raw({ type: "pong", ...(session?.room ? { v: session.room.version } : {}) });
        line.reply(request, {});
        return;
      case "alive":
        this.fault(
          "The client sent alive, but the answer to hello has no heartbeat.aliveIntervalMs: an older service refuses it.",
        );
        line.reply(request, {});
        return;
      case "join":
        this.#join(line, request);
        return;
      case "getRoom":
        if (session?.room) line.reply(request, { room: session.room });
        else line.refuse(request, "not_joined");
        return;
      case "leave":
        if (session) session.room = undefined;
        line.reply(request, {});
        return;
      case "beforeDisconnect":
        line.reply(request, {});
        line.close("bye");
        return;
      case "acceptCall":
        line.reply(request, { callId: request.data.callId, roomId: `call-${request.data.callId}` });
        return;
      case "watchStatus":
      case "unwatchStatus":
        line.reply(request, { statuses: [] });
        return;
      case "setMetadata":
      case "declineCall":
      case "cancelCall":
      case "endCall":
        line.reply(request, {});
        return;
      default:
        line.refuse(request, "media_unavailable");
    }
  }

  #greet(line: Line, request: RequestOf<"hello">): void {
    const { resume } = request.data;
    if (!resume) {
      this.welcome(line, request, this.newSession(), false);
      return;
    }
    const { session } = this;
    if (!session || resume.sessionId !== session.sessionId || resume.resumeToken !== session.resumeToken) {
      line.refuse(request, "session_gone");
      return;
    }
    session.epoch += 1;
    session.resumeToken = `resume-${this.#sessions}-${session.epoch}`;
    this.welcome(line, request, session, true);
  }

  #join(line: Line, request: RequestOf<"join">): void {
    const { session } = this;
    if (!session) line.refuse(request, "unauthorized");
    else if (session.room) line.refuse(request, "already_joined");
    else {
      session.room = this.snapshot(request.data.roomId, line);
      line.reply(request, this.joined(session, session.room));
    }
  }

  joined(session: Session, room: RoomSnapshot, transferred = false): ReplyData<"join"> {
    const { sessionId, epoch, resumeToken } = session;
    return { room, routerRtpCapabilities: null, transferred, sessionId, epoch, resumeToken };
  }

  #answerHttp(url: string, response: ServerResponse): void {
    if (url === "/token") {
      this.tokens.push(`token-${this.tokens.length + 1}`);
      response.end(this.tokens.at(-1));
      return;
    }
    // Also what a page says while it goes.
    response.writeHead(url.startsWith("/api/sessions/") ? 204 : url.startsWith("/health/") ? 200 : 404).end();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#watchers.add(done);
    });
  }

  #wake(): void {
    for (const look of this.#watchers) look();
  }
}
