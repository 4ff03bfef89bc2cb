import { parseSync, Visitor } from "oxc-parser";

/**
 * What a TypeScript file imports, values and types, in any way that the language has.
 *
 * @throws Error when the file cannot be parsed, or imports what is known only when it runs
 */
export function importsOf(path: string, text: string): string[] {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error) throw new Error(`${path} cannot be parsed: ${error.message}`);

  const specifiers = new Set<string>();
  const add = (source: Node | null): void => {
    if (source === null) return;
    if (source.type !== "Literal" || typeof source.value !== "string")
      throw new Error(`${path} imports what is known only when it runs: the check can't follow that`);
    specifiers.add(source.value);
  };
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
    TSExternalModuleReference: ({ expression }) => add(expression),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === "Identifier" && callee.name === "require") add(first ?? null);
    },
  }).visit(program);
  return [...specifiers];
}

/** What the visitor hands over as the source of an import: a literal, or any expression. */
type Node = { type: string; value?: unknown };
