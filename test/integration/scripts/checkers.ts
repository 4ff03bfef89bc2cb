import { checkout, powershell, powershellFile, run, type Ended } from "./run-script.js";

/** The options that both health checks have. */
interface Options {
  maxGhosts?: number;
  timeoutSeconds?: number;
  json?: boolean;
}

/** The health check for the shell and for PowerShell, with the same way to call them. */
export const checkers = [
  {
    script: "health-check.sh",
    available: true,
    check: (url: string, options: Options = {}): Promise<Ended> =>
      run("bash", [
        `${checkout}health-check.sh`,
        "--url",
        url,
        ...(options.maxGhosts === undefined ? [] : ["--max-ghosts", String(options.maxGhosts)]),
        ...(options.timeoutSeconds === undefined ? [] : ["--timeout", String(options.timeoutSeconds)]),
        ...(options.json ? ["--json"] : []),
      ]),
  },
  {
    script: "health-check.ps1",
    available: powershell !== undefined,
    check: (url: string, options: Options = {}): Promise<Ended> =>
      run(powershell ?? "", [
        ...powershellFile("health-check.ps1"),
        "-Url",
        url,
        ...(options.maxGhosts === undefined ? [] : ["-MaxGhosts", String(options.maxGhosts)]),
        ...(options.timeoutSeconds === undefined ? [] : ["-TimeoutSec", String(options.timeoutSeconds)]),
        ...(options.json ? ["-Json"] : []),
      ]),
  },
];
