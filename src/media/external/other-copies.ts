import { createRequire } from "node:module";
import type { Observer, Transport } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { MediaTree } from "../workers/media-tree.js";

/** The main file of mediasoup, in whatever folder. */
const MAIN_FILE = /[\\/]node[\\/]lib[\\/]index\.js$/;
/** All modules of CommonJS that this process has loaded. mediasoup is one, also for those who `import` it. */
const { cache } = createRequire(import.meta.url);
/** Looking through all loaded modules takes some 0.1 ms, so it is done at most once in this time. */
const PAUSE_MS = 250;

/** What to do about another copy, in words. */
export const MEND_COPIES =
  "Give the `observer` of the copy that makes your media as the option `observer`, or install one copy; `npm ls mediasoup` shows them.";

interface Copy {
  readonly path: string;
  readonly observer: Observer;
}

/** A transport of a copy that nobody watches for the service. */
export interface UnwatchedTransport {
  readonly transport: Transport;
  /** The folder of the copy that made it. */
  readonly path: string;
}

/**
 * Finds further copies of mediasoup in this process. Each copy has an `observer` of its own, so the service sees nothing of what
 * the others make. Here it only notices that they make something.
 */
export class OtherCopies {
  readonly #watched: Observer;
  readonly #own: Observer;
  readonly #clock: Pick<Clock, "mono">;
  readonly #onFound: (path: string) => void;
  readonly #onTransport: (unwatched: UnwatchedTransport) => void;
  readonly #trees = new Map<Observer, MediaTree>();
  readonly #found: string[] = [];
  #lookedAt = -Infinity;

  constructor(options: {
    /** The `observer` that the service watches, */
    watched: Observer;
    /** and the one of the copy that the service itself loads. */
    own: Observer;
    clock: Pick<Clock, "mono">;
    /** Called once for each further copy that is neither of the two. */
    onFound: (path: string) => void;
    onTransport: (unwatched: UnwatchedTransport) => void;
  }) {
    this.#watched = options.watched;
    this.#own = options.own;
    this.#clock = options.clock;
    this.#onFound = options.onFound;
    this.#onTransport = options.onTransport;
  }

  /** The folders of the further copies that were found. */
  get found(): readonly string[] {
    return this.#found;
  }

  /** The folder of the copy that the service watches; undefined when it is not among the loaded modules. */
  get watchedPath(): string | undefined {
    return loadedCopies().find(({ observer }) => observer === this.#watched)?.path;
  }

  /** @param path of one of those that were found */
  sayThereIs(path: string): string {
    return `There are two copies of mediasoup: Lastseen watches ${this.watchedPath ?? "the one of the option `observer`"}, and not ${path}.`;
  }

  /** Looks for copies that were loaded since the last look, unless that was a moment ago. */
  look(): void {
    if (this.#clock.mono() - this.#lookedAt < PAUSE_MS) return;
    this.#lookedAt = this.#clock.mono();
    for (const { path, observer } of loadedCopies()) {
      if (observer === this.#watched || this.#trees.has(observer)) continue;
      this.#trees.set(observer, this.#follow(path, observer));
      if (observer === this.#own) continue;
      this.#found.push(path);
      this.#onFound(path);
    }
  }

  close(): void {
    for (const tree of this.#trees.values()) tree.close();
    this.#trees.clear();
  }

  #follow(path: string, observer: Observer): MediaTree {
    return new MediaTree(observer, {
      onWorker: () => {},
      onWorkerClosed: () => {},
      onOpened: (opened) => {
        if (opened.kind === "transport") this.#onTransport({ transport: opened.object, path });
      },
      onClosed: () => {},
    });
  }
}

function loadedCopies(): Copy[] {
  return Object.keys(cache).flatMap((file) => {
    if (!file.endsWith("index.js") || !MAIN_FILE.test(file)) return [];
    const loaded = Object(cache[file]?.exports) as { observer?: Observer; createWorker?: unknown };
    const isMediasoup = typeof loaded.createWorker === "function" && typeof loaded.observer?.on === "function";
    return isMediasoup && loaded.observer ? [{ path: file.replace(MAIN_FILE, ""), observer: loaded.observer }] : [];
  });
}
