import type { CSSProperties, ReactNode } from "react";

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The first letters of the first and the last word. An emoji is one letter. */
function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const first = (word = "") => [...letters.segment(word)][0]?.segment ?? "";
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "")).toUpperCase();
}

function hue(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}

export function Avatar({ name }: { name: string }): ReactNode {
  return (
    <span className="avatar" style={{ "--hue": hue(name) } as CSSProperties} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
