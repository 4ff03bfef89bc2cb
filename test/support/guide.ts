/** Reads a guide as its reader does: what to type, which files to write, and what is to be seen then. */

export type Step =
  /** Commands that end by themselves. */
  | { kind: "run"; commands: string }
  /** Commands of which the last one goes on: a server. */
  | { kind: "start"; commands: string }
  | { kind: "file"; path: string; text: string }
  /** What a program writes. */
  | { kind: "shown"; lines: string[] };

const FENCE = /^```(\w+)\n(.*?)^```$/gms;
/** The line above a file names it: "`server.js`:", or "`media.js` is …:". */
const FILE = /^`([\w./-]+)`.*:$/;

/** The chapters of a guide by their titles, with what the reader does in each. */
export function stepsOf(guide: string): Map<string, Step[]> {
  const chapters = guide.split(/^## /m).slice(1);
  return new Map(chapters.map((text) => [text.slice(0, text.indexOf("\n")), [...text.matchAll(FENCE)].map(stepOf)]));
}

function stepOf(fence: RegExpExecArray): Step {
  const [, language = "", text = ""] = fence;
  const above = fence.input.slice(0, fence.index).trimEnd().split("\n");
  const paragraph = above.slice(above.lastIndexOf("") + 1).join(" ");
  if (language === "text") return { kind: "shown", lines: text.trimEnd().split("\n") };
  if (language === "sh") return { kind: paragraph.startsWith("Start ") ? "start" : "run", commands: text };
  const path = FILE.exec(paragraph)?.[1];
  if (path === undefined) throw new Error(`the guide does not say which file this is: ${text}`);
  return { kind: "file", path, text };
}
