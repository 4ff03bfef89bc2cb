/** Somebody who presses the freeze button of the demo page, and what another person sees of it. */
import { expect } from "vitest";
import { until } from "../support/until.js";
import type { Participant } from "./participant.js";
import type { Stage } from "./stage.js";

/** Opens the panel of the ghosts and presses the button. */
async function pressFreeze({ inside }: Participant): Promise<void> {
  await inside.evaluate(() => document.querySelector<HTMLElement>("[data-testid=ghost-panel] summary")?.click());
  await inside.evaluate(() => document.querySelector<HTMLElement>("[data-testid=freeze-button]")?.click());
}

async function names(person: Participant): Promise<string> {
  return (await person.roster())
    .map(({ name }) => name)
    .toSorted()
    .join();
}

async function stateOf(person: Participant, name: string): Promise<string | undefined> {
  return (await person.roster()).find((one) => one.name === name)?.state;
}

/** The page stands still for less than the service waits: away, and back as the same participant. */
export async function comesBack(eve: Participant, frozen: Participant): Promise<void> {
  const sessionId = await frozen.sessionId();
  const everybody = await names(frozen);
  await pressFreeze(frozen);
  await until(async () => (await stateOf(eve, frozen.name)) === "away");
  await until(async () => (await stateOf(eve, frozen.name)) === "present");
  expect((await eve.heardAbout(sessionId)).filter((event) => event !== "user_joined")).toEqual([
    "user_away",
    "user_back",
  ]);
  expect(await frozen.sessionId()).toBe(sessionId);
  for (const person of [eve, frozen]) await until(async () => (await names(person)) === everybody);
}

/** The page stands still for longer than the service waits: gone as idle, and then there again, once. */
export async function isGone({ service }: Stage, eve: Participant, frozen: Participant): Promise<void> {
  const sessionId = await frozen.sessionId();
  const everybody = await names(frozen);
  await pressFreeze(frozen);
  expect(await eve.leaving(sessionId)).toEqual({ reason: "idle", awayBefore: true });
  expect(await stateOf(eve, frozen.name)).toBeUndefined();
  const found = service.log.find((line) => line.msg === "ghost found" && line["sessionId"] === sessionId);
  expect(found?.["reason"]).toBe("silent");
  await until(async () => (await stateOf(eve, frozen.name)) === "present");
  await frozen.joined();
  expect(await frozen.sessionId()).not.toBe(sessionId);
  for (const person of [eve, frozen]) await until(async () => (await names(person)) === everybody);
}
