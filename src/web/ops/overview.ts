import { h, setAttributes, setText } from "../dom.js";
import { COUNT_NAMES, type CountName, type Health } from "./shapes.js";
import { drainWords, duration } from "./words.js";

const WORDS: Readonly<Record<CountName, string>> = {
  connectedUsers: "users",
  sessions: "sessions",
  rooms: "rooms",
  activeCalls: "calls",
  busyUsers: "busy users",
  ghosts: "ghosts",
};

/** The numbers of the node that answered, and whether what it stands on works. */
export class Overview {
  readonly element: HTMLElement;
  readonly #numbers: Readonly<Record<CountName, HTMLElement>>;
  readonly #about = h("p", { class: "small", testid: "about-node" });

  constructor() {
    const number = (name: CountName): HTMLElement => h("dd", { testid: `count-${name}` }, "–");
    this.#numbers = {
      connectedUsers: number("connectedUsers"),
      sessions: number("sessions"),
      rooms: number("rooms"),
      activeCalls: number("activeCalls"),
      busyUsers: number("busyUsers"),
      ghosts: number("ghosts"),
    };
    this.element = h(
      "section",
      { class: "overview", "aria-label": "This node" },
      h(
        "dl",
        { class: "numbers" },
        ...COUNT_NAMES.map((name) => h("div", { "data-count": name }, h("dt", {}, WORDS[name]), this.#numbers[name])),
      ),
      this.#about,
    );
  }

  show(health: Health): void {
    const { counts, nodeId, version, uptimeSeconds, checks } = health;
    for (const name of COUNT_NAMES) {
      setText(this.#numbers[name], counts[name].toLocaleString("en-GB"));
      setAttributes(this.#numbers[name], { "data-some": counts[name] > 0 });
    }
    const up = duration(uptimeSeconds * 1000);
    const about = `Numbers of node ${nodeId}, version ${version}, up for ${up}. Media: ${checks.media}. Redis: ${checks.redis}.`;
    setText(this.#about, health.draining ? `${about} ${drainWords(health)}; it takes nothing new.` : about);
  }
}
