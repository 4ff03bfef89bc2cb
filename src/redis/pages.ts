import type { LeaseId } from "../ports/lease-id.js";
import { list, text } from "./replies.js";
import type { Runner } from "./runner.js";
import type { Script } from "./script.js";

/** Entries of one answer. Redis does nothing else while it collects them, so a page is small. */
const PAGE = 500;

/** Runs a script that answers in pages, and returns the items of all pages. Rejects when Redis does not answer. */
export async function readPages(link: Runner, script: Script, lease: LeaseId): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  let after = "";
  do {
    const [last, ...items] = list(await link.run(script, [lease, after, PAGE]));
    all.push(...items);
    after = text(last);
  } while (after !== "");
  return all;
}
