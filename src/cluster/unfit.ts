import type { Unreadable } from "../ports/node-name.js";

/** Why this process must not be a node. `name_taken`: another process has this node's name; `url`: where clients reach it. */
export type Unfit = { readonly kind: "name_taken"; readonly url: string | undefined } | Unreadable;
