import type { AddressProblem, WrongAddress } from "../cluster/wrong-address.js";

const PROBLEMS: Record<AddressProblem, (found: string) => string> = {
  unreachable: (why) =>
    `this node can't reach it there (${why}). If clients can't either, mend PUBLIC_URL, or open the way to that node`,
  other_node: (nodeId) => `node ${nodeId} answers there. PUBLIC_URL must lead to that node alone, not to all nodes`,
  shared: (nodeId) =>
    `this node (${nodeId}) has the same address. PUBLIC_URL must lead to one node alone, not to all nodes`,
};

/** What operators should know of another node's `PUBLIC_URL`, as a sentence for `GET /api/health`. */
export function addressWarning({ nodeId, url, problem, found }: WrongAddress): string {
  return `Node ${nodeId} has the PUBLIC_URL ${url}, but ${PROBLEMS[problem](found)}.`;
}
