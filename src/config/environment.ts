import { addressMatcher } from "./addresses.js";
import { ENVIRONMENTS, type Environment } from "./schema.js";

const isLoopbackAddress = addressMatcher(["127.0.0.0/8", "::1"]);
const LOOPBACK_NAME = /^(?:.+\.)?localhost$/i;

/** The environment, and whether somebody chose it. */
export interface ChosenEnvironment {
  environment: Environment;
  /** False when neither `LASTSEEN_ENV` nor `NODE_ENV=production` is set: then it is development. */
  isChosen: boolean;
}

/**
 * Reads `LASTSEEN_ENV`. Without it, `NODE_ENV=production` means production. An empty variable counts as not set.
 *
 * @param problems gets a line when `LASTSEEN_ENV` is no environment
 */
export function readEnvironment(
  { LASTSEEN_ENV, NODE_ENV }: Readonly<Record<string, string | undefined>>,
  problems: string[],
): ChosenEnvironment {
  if (!LASTSEEN_ENV) {
    const isProduction = NODE_ENV === "production";
    return { environment: isProduction ? "production" : "development", isChosen: isProduction };
  }
  const environment = ENVIRONMENTS.find((name) => name === LASTSEEN_ENV);
  if (!environment) problems.push(`LASTSEEN_ENV must be one of ${ENVIRONMENTS.join(", ")}`);
  // A wrong value is a choice: the line above is the only one about it.
  return { environment: environment ?? "development", isChosen: true };
}

/**
 * What is wrong with `HOST` when nobody chose the environment. Development lets everybody in, so the service then listens
 * only for this machine.
 *
 * @param host `HOST` from the files and variables; a value that is no text is left to the check of single settings
 */
export function problemOfUnchosenHost(host: unknown): string | undefined {
  if (typeof host !== "string" || host === "") return undefined;
  if (LOOPBACK_NAME.test(host) || isLoopbackAddress(host)) return undefined;
  return `HOST ${JSON.stringify(host)} needs LASTSEEN_ENV, because other machines may reach the service: set LASTSEEN_ENV=production, or LASTSEEN_ENV=development, which lets everybody in without a token`;
}
