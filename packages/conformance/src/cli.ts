#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CHECKS, describeVerdict, judge, junit } from "./index.js";

const USAGE = `lastseen-conformance --client "command with {url}" [--junit FILE] [--only NAMES] [--skip NAMES]
                     [--parallel 4] [--patience 1]
lastseen-conformance --list

Starts the command for each check, and plays the service that it connects to. Exit code 0: the client does all right;
1: it does not; 2: a wrong argument. NAMES are names of checks with commas between them.
The program connects to {url} (also LASTSEEN_URL), gets a token from LASTSEEN_TOKEN_URL before each hello, joins the room
LASTSEEN_ROOM, answers calls, and says goodbye when it gets SIGTERM.`;

/** @throws Error that names the argument */
function readArguments() {
  const { values } = parseArgs({
    options: {
      client: { type: "string" },
      junit: { type: "string" },
      only: { type: "string" },
      skip: { type: "string" },
      parallel: { type: "string", default: "4" },
      patience: { type: "string", default: "1" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    ...values,
    only: names(values.only, "only"),
    skip: names(values.skip, "skip"),
    parallel: Math.ceil(positive(values.parallel, "parallel")),
    patience: positive(values.patience, "patience"),
  };
}

function names(list: string | undefined, option: string): readonly string[] | undefined {
  const given = list?.split(",").map((name) => name.trim());
  const unknown = given?.find((name) => !CHECKS.some((check) => check.name === name));
  if (unknown !== undefined) throw new Error(`--${option}: there is no check "${unknown}"; --list shows them.`);
  return given;
}

function positive(text: string, option: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${option} must be a number above 0; it is "${text}".`);
  return number;
}

/** @returns the exit code */
async function main(): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
  const { client: command, only, skip, parallel, patience } = options;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.list) {
    for (const { name, asks } of CHECKS) console.log(`${name}: ${asks}`);
    return 0;
  }
  if (command === undefined) {
    console.error(`--client is missing.\n\n${USAGE}`);
    return 2;
  }
  const done = (verdict: Parameters<typeof describeVerdict>[0]): void => console.log(describeVerdict(verdict));
  const verdicts = await judge({ command, only, skip, parallel, patience, done });
  if (options.junit !== undefined) writeFileSync(options.junit, junit(verdicts));
  const passed = verdicts.filter(({ fault }) => fault === undefined).length;
  console.log(`${passed} of ${verdicts.length} checks passed`);
  return passed === verdicts.length ? 0 : 1;
}

process.exitCode = await main();
