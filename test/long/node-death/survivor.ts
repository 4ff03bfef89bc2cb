import { WebSocket } from "ws";
import { freePort } from "../../support/free-port.js";
import { ServiceProcess } from "../../support/service-process.js";

/** A node whose event loop, heap and log the test can read. */
export class Survivor {
  readonly process: ServiceProcess;
  readonly #inspectorPort: number;

  private constructor(process: ServiceProcess, inspectorPort: number) {
    this.process = process;
    this.#inspectorPort = inspectorPort;
  }

  static async start(nodeId: string, env: Record<string, string>): Promise<Survivor> {
    const [port, inspectorPort] = [await freePort(), await freePort()];
    const started = await ServiceProcess.start({
      PORT: String(port),
      NODE_ID: nodeId,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}`,
      ...env,
    });
    return new Survivor(started, inspectorPort);
  }

  /** The longest delay of its event loop since the last call, in milliseconds. */
  async longestDelay(): Promise<number> {
    const text = await (await fetch(`${this.process.http}/metrics`)).text();
    const [, seconds] = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text) ?? [];
    return Number(seconds) * 1_000;
  }

  /** Its heap after a garbage collection, in MiB. */
  async heapMb(): Promise<number> {
    const list = await (await fetch(`http://127.0.0.1:${this.#inspectorPort}/json/list`)).json();
    const [target] = list as { webSocketDebuggerUrl: string }[];
    const inspector = new WebSocket(target?.webSocketDebuggerUrl ?? "");
    await new Promise((resolve, reject) => inspector.once("open", resolve).once("error", reject));
    const ask = (id: number, method: string): Promise<unknown> =>
      new Promise((resolve) => {
        inspector.on("message", (data: Buffer) => {
          const answer = JSON.parse(data.toString()) as { id?: number; result: unknown };
          if (answer.id === id) resolve(answer.result);
        });
        inspector.send(JSON.stringify({ id, method }));
      });
    await ask(1, "HeapProfiler.collectGarbage");
    const { usedSize } = (await ask(2, "Runtime.getHeapUsage")) as { usedSize: number };
    inspector.close();
    return usedSize / 2 ** 20;
  }

  /** The lines of its log with this message. */
  said(message: string): { atMs: number; sessionId: string; reason: string }[] {
    return this.process.log
      .filter(({ msg }) => msg === message)
      .map((line) => ({
        atMs: Number(line["time"]),
        sessionId: String(line["sessionId"]),
        reason: String(line["reason"]),
      }));
  }
}
