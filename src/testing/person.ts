import { connect, type ConnectOptions, type LastseenClient } from "@lastseen/client";
import { HeadlessTab } from "./headless-tab.js";
import type { Line } from "./line.js";

/** How long {@link Person.close} waits for the answer to a goodbye. */
const GOODBYE_MS = 100;

export interface PersonOptions {
  readonly userId: string;
  readonly name?: string;
  /** The room to join. Left out: connected, and in no room. */
  readonly roomId?: string;
  /** A token for each hello, when the service checks who its clients are. */
  readonly getToken?: ConnectOptions["getToken"];
}

/** Somebody else in a call: the real client over a line of its own, without a browser, microphone and camera. */
export class Person {
  /** To do more, for example to call somebody. */
  readonly client: LastseenClient;
  /** To reset it, for example. */
  readonly line: Line;
  readonly #options: PersonOptions;
  readonly #openLine: () => Promise<Line>;
  readonly #tab = new HeadlessTab();
  /** The person's other tabs, which end with this one. */
  readonly #others: Person[] = [];

  private constructor(options: PersonOptions, line: Line, openLine: () => Promise<Line>) {
    this.#options = options;
    this.line = line;
    this.#openLine = openLine;
    const { userId, name, getToken } = options;
    this.client = connect({
      url: line.url,
      ...(getToken ? { getToken } : { user: { id: userId, ...(name === undefined ? {} : { name }) } }),
      environment: this.#tab.environment,
      log: false,
    });
  }

  /** @throws RequestError when the service refuses the person */
  static async enter(options: PersonOptions, openLine: () => Promise<Line>): Promise<Person> {
    const person = new Person(options, await openLine(), openLine);
    if (options.roomId === undefined) await person.client.whenConnected();
    else await person.client.join(options.roomId);
    return person;
  }

  /** The person's network is gone: nothing arrives on either side. `line.mend()` brings it back. */
  cut(): void {
    this.line.cut();
  }

  /** The person's process is killed: its connection ends, and it does not come back. */
  kill(): void {
    this.#tab.stop();
    this.line.kill();
  }

  /** The person's browser freezes the page. The page says so, and then its script stands still. */
  freeze(): void {
    this.#tab.freeze();
  }

  /** A page's script hangs: nothing said it, and the browser still answers the pings of the socket. */
  hang(): void {
    this.#tab.stop();
  }

  /** The page goes on after {@link freeze} or {@link hang}. */
  thaw(): void {
    this.#tab.thaw();
  }

  /** The person opens the same room in another tab. With the policy `transfer` that tab takes the session over. */
  async secondTab(): Promise<Person> {
    const tab = await Person.enter(this.#options, this.#openLine);
    this.#others.push(tab);
    return tab;
  }

  /** The person leaves and says goodbye. */
  leave(): Promise<void> {
    return this.client.disconnect();
  }

  /** Ends everything that belongs to the person. The service may see a goodbye or a broken connection. */
  async close(): Promise<void> {
    await Promise.all(this.#others.map((tab) => tab.close()));
    this.#tab.thaw();
    await Promise.race([this.client.disconnect(), new Promise((resolve) => setTimeout(resolve, GOODBYE_MS))]);
    await this.line.close();
  }
}
