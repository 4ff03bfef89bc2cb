/** Sections of a document that several benches write, one each. */

/** Puts the text in place of a section of the second level, or at the end. The other sections stay. */
export function replaceSection(document: string, title: string, text: string): string {
  const section = `## ${title}\n\n${text}\n`;
  const found = findSection(document, title);
  return found === undefined ? `${document.trimEnd()}\n\n${section}` : document.replace(found, () => section);
}

/** @returns the section with its heading; undefined when there is none */
export function findSection(document: string, title: string): string | undefined {
  const sections = document.split(/^(?=## )/m);
  return sections.find((section) => section.startsWith(`## ${title}\n`));
}
