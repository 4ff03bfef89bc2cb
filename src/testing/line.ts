import { TcpProxy } from "./tcp-proxy.js";

/** A line between one client and the service that can fail. All connections to {@link url} go over it. */
export class Line {
  readonly #proxy: TcpProxy;

  private constructor(proxy: TcpProxy) {
    this.#proxy = proxy;
  }

  static async open(servicePort: number): Promise<Line> {
    return new Line(await TcpProxy.start(servicePort));
  }

  /** The service, for the client at the other end. */
  get url(): string {
    return `http://127.0.0.1:${this.#proxy.port}`;
  }

  /** Nothing arrives on either side, and neither side learns it: somebody pulls the cable, or loses the network. */
  cut(): void {
    this.#proxy.silence();
  }

  /** Everything passes again, also what was sent meanwhile. */
  mend(): void {
    this.#proxy.heal();
  }

  /** The connections break with a reset, and the client may connect again: it changes from Wi-Fi to mobile, or a proxy restarts. */
  reset(): void {
    this.#proxy.resetAll();
  }

  /** The connections end as when the client's process is killed. Nobody can connect until {@link mend}. */
  kill(): void {
    this.#proxy.kill();
  }

  close(): Promise<void> {
    return this.#proxy.close();
  }
}
