/** Finds what a shared store has lost, for example because somebody has deleted a key by hand. */
export interface StoreCheck {
  /**
   * Looks for losses since the last call, and mends what the store can mend by itself. Every node does this, and writes again
   * what it knows. Rejects when the store does not answer.
   *
   * @returns names of the parts that are lost; empty when nothing is, or when this node has no lease
   */
  run(): Promise<readonly string[]>;
}
