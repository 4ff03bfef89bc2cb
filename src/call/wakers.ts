/**
 * Those outside who can wake a user's devices, for example by a push message: the backend by its webhook, the application by its
 * listener. Without any of them a call to a user who is not connected would ring for nobody.
 */
export class Wakers {
  #count = 0;

  get some(): boolean {
    return this.#count > 0;
  }

  /** @returns removes this one again; further calls do nothing */
  add(): () => void {
    this.#count += 1;
    let isAdded = true;
    return () => {
      if (isAdded) this.#count -= 1;
      isAdded = false;
    };
  }
}
