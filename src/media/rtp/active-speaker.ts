import type { ActiveSpeakerObserver, Producer } from "mediasoup/types";

/** Who speaks in one room. The worker tells who became the loudest, but not that nobody speaks any more. */
export class ActiveSpeaker {
  readonly #observer: ActiveSpeakerObserver;
  readonly #onChange: (sessionId: string | null) => void;
  #producerId: string | undefined;
  #sessionId: string | null = null;

  constructor(observer: ActiveSpeakerObserver, onChange: (sessionId: string | null) => void) {
    this.#observer = observer;
    this.#onChange = onChange;
    observer.on("dominantspeaker", ({ producer }) => {
      const { sessionId } = producer.appData;
      if (producer.closed || producer.paused || typeof sessionId !== "string") return;
      this.#producerId = producer.id;
      this.#change(sessionId);
    });
  }

  /** Listens to a producer until it closes. Rejects when the worker refuses. */
  async add(producer: Producer): Promise<void> {
    const silent = (): void => {
      if (this.#producerId !== producer.id) return;
      this.#producerId = undefined;
      this.#change(null);
    };
    producer.observer.on("pause", silent);
    producer.observer.once("close", silent);
    await this.#observer.addProducer({ producerId: producer.id });
  }

  #change(sessionId: string | null): void {
    if (this.#sessionId === sessionId) return;
    this.#sessionId = sessionId;
    // A room that is going away has nobody left to tell.
    if (!this.#observer.closed) this.#onChange(sessionId);
  }
}
