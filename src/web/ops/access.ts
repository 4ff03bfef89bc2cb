/** Whether the service's API wants a token, and the operator's token, which the browser keeps until the tab is closed. */
import { tabStorage } from "../site-storage.js";
import { fieldsOf, text } from "./read.js";

const TOKEN = "lastseen.ops.token";

/** `token`: the API wants ADMIN_TOKEN. `open`: it wants none. `closed`: there is no API for operators. */
export type Access = "token" | "open" | "closed";

/** @throws Error, TypeError when the service does not answer, or not as expected */
export async function findAccess(): Promise<Access> {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`The service answered ${response.status}.`);
  const access = text(fieldsOf(await response.json()), "access");
  if (access === "token" || access === "open" || access === "closed") return access;
  throw new Error("The service answered something else.");
}

export function keptToken(): string | undefined {
  return tabStorage.get(TOKEN) ?? undefined;
}

export function keepToken(token: string): void {
  tabStorage.set(TOKEN, token);
}

export function forgetToken(): void {
  tabStorage.remove(TOKEN);
}
