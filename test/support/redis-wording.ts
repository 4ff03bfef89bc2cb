import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { endTogether } from "./socket-pair.js";

/**
 * A proxy in front of a real Redis 7. It gives the errors of scripts the wording of Redis 6.2, because a machine has only one
 * version of Redis installed: `-READONLY You can't write …. script: f, on @user_script:9.` becomes
 * `-ERR Error running script (call to f_f): @user_script:9: @user_script: 9: -READONLY You can't write …. `.
 * New connections go to the current target. Open ones stay where they are, as behind a virtual address after a failover.
 */
export class RedisWording {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #wording: "6.2" | "7";
  #targetPort: number;

  private constructor(targetPort: number, wording: "6.2" | "7") {
    this.#targetPort = targetPort;
    this.#wording = wording;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(targetPort: number, wording: "6.2" | "7"): Promise<RedisWording> {
    const proxy = new RedisWording(targetPort, wording);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** New connections lead to this port from now on. */
  leadTo(port: number): void {
    this.#targetPort = port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    const target = createConnection(this.#targetPort, "127.0.0.1");
    client.on("data", (bytes) => target.write(bytes));
    // The tests' errors arrive in one piece: Redis writes each of them at once, and they are short.
    target.on("data", (bytes) => client.write(Buffer.from(this.#worded(bytes.toString("latin1")), "latin1")));
    endTogether(client, target, this.#sockets);
  }

  #worded(text: string): string {
    if (this.#wording === "7") return text;
    return text.replaceAll(
      /^-([A-Z]+ [^\r\n]*) script: (\w+), on @user_script:(\d+)\.\r$/gm,
      (_all, words: string, script: string, line: string) =>
        `-ERR Error running script (call to f_${script}): @user_script:${line}: @user_script: ${line}: -${words} \r`,
    );
  }
}
