/** Runs a client while at least one provider with it is mounted. */
import { LastseenClient, type ConnectOptions } from "@lastseen/client";
import { soon } from "./soon.js";

export class ClientOwner {
  readonly client: LastseenClient;
  #options: ConnectOptions;
  #mounts = 0;
  #isRunning = false;
  #stopping: Promise<void> | undefined;
  readonly #settle = soon(() => this.#apply());

  /** Opens nothing: React may throw away what it has rendered. */
  constructor(options: ConnectOptions) {
    this.#options = options;
    const { getToken } = options;
    this.client = new LastseenClient({
      ...options,
      ...(getToken && { getToken: (context) => (this.#options.getToken ?? getToken)(context) }),
    });
  }

  /** Takes the newest `getToken`, which is another function in each render. */
  update(options: ConnectOptions): void {
    this.#options = options;
  }

  /** @returns a function to be called when the provider is gone */
  mount(): () => void {
    this.#mounts += 1;
    this.#settle();
    return () => {
      this.#mounts -= 1;
      this.#settle();
    };
  }

  #apply(): void {
    const isWanted = this.#mounts > 0;
    // While the client says goodbye, it cannot start.
    if (isWanted === this.#isRunning || this.#stopping) return;
    this.#isRunning = isWanted;
    if (isWanted) this.client.reconnect();
    else
      this.#stopping = this.client.disconnect().finally(() => {
        this.#stopping = undefined;
        this.#apply();
      });
  }
}
