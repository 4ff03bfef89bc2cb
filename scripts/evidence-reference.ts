/**
 * Makes the tables between the marks in `docs/detection.md` from the verdict, and from the descriptions of the evidence and of
 * the causes in `packages/protocol/src/evidence`. `npm run docs` writes it; a test fails when the document differs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import { verdictRows } from "./verdict-table.js";
import { EVIDENCE_PIECES, GHOST_CAUSES, type EvidenceField } from "@lastseen/protocol";

export const TARGET = fileURLToPath(new URL("../docs/detection.md", import.meta.url));

/** The whole document, with its generated sections as the code is now. */
export async function evidenceReference(): Promise<string> {
  const document = readFileSync(TARGET, "utf8");
  const sections = { verdicts: verdictTable(), evidence: evidenceTable(), causes: causeTable() };
  const text = Object.entries(sections).reduce((whole, [name, content]) => withSection(whole, name, content), document);
  return format(text, { ...(await resolveConfig(TARGET)), parser: "markdown" });
}

/** Puts the content between the two marks of this name. */
function withSection(document: string, name: string, content: string): string {
  const [beginMark, endMark] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const begin = document.indexOf(beginMark);
  const end = document.indexOf(endMark);
  if (begin === -1 || end < begin) throw new Error(`docs/detection.md lacks the marks of its section "${name}"`);
  return [document.slice(0, begin) + beginMark, content, document.slice(end)].join("\n\n");
}

function evidenceTable(): string {
  const rows = EVIDENCE_PIECES.flatMap(({ title, fields, brief }) =>
    Object.entries(fields).map(([name, field], index) =>
      index === 0
        ? [title, code(name), valueOf(field), field.means, code(brief.name)]
        : ["", code(name), valueOf(field), field.means, ""],
    ),
  );
  return table(["evidence", "field", "value", "meaning", "in `ghost found`"], rows);
}

function verdictTable(): string {
  const rows = verdictRows().map(({ known, since, away, ghost, cause }) => [known, since, away, ghost, code(cause)]);
  return table(["what is known", "time counts from", "away after", "ghost after", "cause"], rows);
}

function causeTable(): string {
  const rows = Object.entries(GHOST_CAUSES).map(([cause, { words, leavesAs }]) => [code(cause), words, code(leavesAs)]);
  return table(["cause", "what is known about the session", "`reason` of `user_left`"], rows);
}

function valueOf(field: EvidenceField): string {
  switch (field.kind) {
    case "state":
      return wordsOf(field.words);
    case "word":
      return `${wordsOf(field.words)}, or \`null\``;
    case "knownTime":
      return "epoch ms";
    case "time":
      return "epoch ms, or `null`";
    case "number":
      return "number, or `null`";
  }
}

function wordsOf(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([word, meaning]) => `${code(word)} (${meaning})`)
    .join("<br>");
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(TARGET, await evidenceReference());
}
