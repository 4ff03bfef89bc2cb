type Methods = Record<string, (...args: never[]) => Promise<unknown>>;

export interface Hold {
  /** Resolves when the call has come to the point where it is held. */
  reached: Promise<void>;
  release(): void;
}

/** What of a call is held: its request before it is sent, its answer before it is seen, or nothing once it is sent. */
export type Held = "request" | "answer" | "nothing";

/** Holds the next call of one object's method. */
export function hold(object: object, method: string, what: Held): Hold {
  const methods = object as Methods;
  const original = methods[method];
  if (!original) throw new Error(`there is no method ${method}`);
  let release = (): void => {};
  let reach = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  methods[method] = async (...args) => {
    methods[method] = original;
    if (what === "nothing") {
      const result = original.apply(object, args);
      reach();
      return result;
    }
    const result = what === "answer" ? await settled(original.apply(object, args)) : undefined;
    reach();
    await released;
    return result ? result() : original.apply(object, args);
  };
  return { reached, release };
}

/** The same for an object that does not exist yet. */
export function holdInNext(whenMade: (then: (object: object) => void) => unknown, method: string, what: Held): Hold {
  let release = (): void => {};
  const reached = new Promise<void>((resolve) => {
    whenMade((object) => {
      const point = hold(object, method, what);
      release = () => point.release();
      void point.reached.then(resolve);
    });
  });
  return { reached, release: () => release() };
}

async function settled(work: Promise<unknown>): Promise<() => unknown> {
  try {
    const value = await work;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
