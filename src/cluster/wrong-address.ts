/**
 * What is wrong with an address. `unreachable`: no node answers there. `other_node`: another node answers. `shared`: this node gives
 * the same address, or answers there itself.
 */
export const ADDRESS_PROBLEMS = ["unreachable", "other_node", "shared"] as const;
export type AddressProblem = (typeof ADDRESS_PROBLEMS)[number];

export interface WrongAddress {
  readonly nodeId: string;
  readonly url: string;
  readonly problem: AddressProblem;
  /** The node that answers, or why nobody does. */
  readonly found: string;
}
