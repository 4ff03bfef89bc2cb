import { type Check, pause } from "../check.js";
import { ROOM } from "../scripted-service.js";

export const sessionChecks: readonly Check[] = [
  {
    name: "hello",
    asks: "says hello first, with a tabId and a token or a user, and waits for the answer before it sends more",
    prepare(service) {
      service.answers.hello = (line, request) => {
        // Nothing may come before the answer.
        setTimeout(() => service.welcome(line, request, service.newSession(), false), 500);
      };
    },
    async run(stage) {
      const line = await stage.connected(0, "connect");
      await line.until("say hello", () => line.requests.length > 0, stage.patient(5_000));
      const [first] = line.requests;
      stage.assert(first?.type === "hello", `The first request must be hello, and is ${first?.type}.`);
      await pause(300);
      stage.assert(
        line.requests.length === 1,
        "The client must wait for the answer to its hello before it sends more.",
      );
      await line.until(`join the room "${ROOM}"`, () => line.find("join"), stage.patient(5_000));
      stage.assert(line.find("join")?.data.roomId === ROOM, `The client should join the room "${ROOM}".`);
    },
  },
  {
    name: "resume",
    asks: "comes back to its session after a broken connection, each time with the newest resume token",
    async run(stage) {
      const first = await stage.entered();
      first.reset();
      const second = await stage.resumed(1, "after the connection broke");
      await stage.never("join again when the answer to its hello has the room", () => !!second.find("join"), 700);
      second.reset();
      await stage.resumed(2, "after the connection broke a second time");
    },
  },
  {
    name: "session gone",
    asks: "begins a new session and joins again when its session is gone",
    async run(stage) {
      const first = await stage.entered();
      const { sessionId } = stage.service.session ?? {};
      stage.service.session = undefined;
      first.reset();
      const second = await stage.connected(1, "connect again after the connection broke");
      await second.until("say hello", () => second.find("hello"), stage.patient(5_000));
      const isNew = (): boolean =>
        stage.service.session !== undefined && stage.service.session.sessionId !== sessionId && hasRoom();
      const hasRoom = (): boolean => stage.service.session?.room?.id === ROOM;
      // The new hello may come on the same connection or on another one.
      const deadline = performance.now() + stage.patient(8_000);
      while (!isNew() && performance.now() < deadline) await pause(50);
      stage.assert(
        isNew(),
        "After `session_gone` the client should say hello without `resume`, and join its room again.",
      );
    },
  },
  {
    name: "lost answer",
    asks: "joins again after a resume when the service has not heard of its join",
    prepare(service) {
      service.answers.join = (line) => {
        // The request is lost together with the connection.
        service.answers.join = () => false;
        line.reset();
      };
    },
    async run(stage) {
      const first = await stage.connected(0, "connect");
      await first.until(`join the room "${ROOM}"`, () => first.find("join"), stage.patient(5_000));
      const second = await stage.resumed(1, "after the connection broke");
      await second.until(
        "join again, because the answer to its hello has no room",
        () => second.find("join"),
        stage.patient(5_000),
      );
    },
  },
  {
    name: "transfer",
    asks: "resumes the session that its join has taken over from another tab",
    prepare(service) {
      service.answers.join = (line, request) => {
        const room = service.snapshot(request.data.roomId, line);
        service.session = { sessionId: "moved-session", epoch: 7, resumeToken: "moved-token", room };
        line.reply(request, service.joined(service.session, room, true));
      };
    },
    async run(stage) {
      const first = await stage.entered();
      await pause(200);
      first.reset();
      await stage.resumed(1, "after a takeover and a broken connection");
    },
  },
  {
    name: "token",
    asks: "asks for a new token when the service closes with 4401, and resumes with it",
    async run(stage) {
      const first = await stage.entered();
      const { token } = first.hello;
      stage.assert(
        token !== undefined && stage.service.tokens.includes(token),
        "The hello should carry a token that `LASTSEEN_TOKEN_URL` has answered.",
      );
      first.close("unauthorized");
      const second = await stage.resumed(1, "after its token was refused");
      stage.assert(second.hello.token !== token, "The client should ask for a new token after the close code 4401.");
    },
  },
  {
    name: "goodbye",
    asks: "says beforeDisconnect when the program is asked to end",
    async run(stage) {
      const line = await stage.entered();
      stage.program.terminate();
      await line.until("say beforeDisconnect after SIGTERM", () => line.find("beforeDisconnect"), stage.patient(3_000));
    },
  },
];
