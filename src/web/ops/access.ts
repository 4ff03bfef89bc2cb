/** How this page gets to the service's API, and the operator's token, which lives as long as the tab. */
import { fieldsOf, text } from "./read.js";

const TOKEN = "lastseen.ops.token";

/** `open`: the service asks for no token. `closed`: it has no API for operators. */
export type Access = "token" | "open" | "closed";

/** @throws when the page's own server does not answer, or answers something else */
export async function findAccess(): Promise<Access> {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`The service answered ${response.status}.`);
  const access = text(fieldsOf(await response.json()), "access");
  if (access === "token" || access === "open" || access === "closed") return access;
  throw new Error("The service answered something else.");
}

export function keptToken(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN);
}
