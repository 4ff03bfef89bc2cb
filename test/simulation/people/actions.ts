/**
 * What people, browsers, machines and networks do to a tab. An action that begins something also ends it later. An action
 * returns `false` when it makes no sense at this moment; then it has done nothing.
 */
import type { CountKind } from "../checks/scene.js";
import type { World } from "../world/world.js";
import type { Machine } from "./machine.js";
import type { Tab } from "./tab.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export interface ActionContext {
  readonly world: World;
  note(who: string, what: string): void;
  readonly count: (kind: CountKind, what: string) => void;
  /** Another tab of the same person, on the same machine or on another one. */
  openAnother(tab: Tab, how: "same machine" | "other machine" | "duplicate"): Tab | undefined;
  tabsOn(machine: Machine): readonly Tab[];
  pickRoom(): string;
  /** Somebody else, and a tab of theirs whose page is connected, if there is one. */
  pickFriend(tab: Tab): { userId: string; tab: Tab | undefined } | undefined;
}

type Action = (tab: Tab, context: ActionContext) => boolean;

const hideOrShow: Action = ({ page }) => {
  if (!page) return false;
  if (page.hidden) page.show();
  else page.hide();
  return true;
};

const freeze: Action = ({ page }, { world }) => {
  if (!page?.hidden || page.suspended) return false;
  page.freeze();
  world.after(world.between(5 * SECOND, 8 * MINUTE), () => page.resume("resume"));
  return true;
};

const hang: Action = ({ page }, { world }) => {
  if (!page || page.suspended) return false;
  page.suspend(world.chance(0.3));
  world.after(world.someTime(40 * SECOND), () => page.resume());
  return true;
};

const reload: Action = (tab, { world }) => {
  if (!tab.page || tab.page.suspended) return false;
  const { roomId } = tab;
  tab.page.unload();
  world.after(world.chance(0.85) ? world.between(150, 3_000) : world.between(3_000, 12_000), () => tab.load(roomId));
  return true;
};

const crash: Action = (tab, { world }) => {
  const { roomId, page } = tab;
  if (!page) return false;
  page.crash(world.chance(0.7));
  if (world.chance(0.6)) world.after(world.someTime(20 * SECOND), () => tab.load(roomId));
  return true;
};

/** The browser does not keep pages with media. */
const goAndComeBack: Action = ({ page }, { world }) => {
  if (!page || page.suspended || page.media) return false;
  page.keepForLater();
  world.after(world.someTime(30 * SECOND), () => page.resume("pageshow"));
  return true;
};

const quitBrowser: Action = ({ machine }, context) => {
  const { world } = context;
  const open = context.tabsOn(machine).filter(({ page }) => page && !page.gone && !page.suspended);
  if (!machine.awake || open.length === 0) return false;
  for (const { page } of open) page?.unload();
  const restored = world.between(2 * SECOND, 2 * MINUTE);
  for (const tab of open) world.after(restored, () => tab.load(tab.roomId));
  return true;
};

const close: Action = (tab) => {
  if (!tab.page || tab.page.suspended) return false;
  tab.page.unload();
  tab.forget();
  return true;
};

const loseNetwork: Action = ({ machine }, { world }) => {
  if (!machine.reachable) return false;
  machine.loseNetwork();
  const outage = world.chance(0.5) ? world.between(1, 12 * SECOND) : world.someTime(60 * SECOND);
  world.after(outage, () => machine.findNetwork(world.chance(0.6)));
  return true;
};

/** The person goes into a lift and out of it. */
const loseNetworkOften: Action = ({ machine }, { world }) => {
  if (!machine.reachable) return false;
  let at = 0;
  for (let times = 3 + world.random.below(8); times > 0; times--) {
    world.after(at, () => machine.loseNetwork());
    at += world.between(0.2, 8) * SECOND;
    world.after(at, () => machine.findNetwork(world.chance(0.3)));
    at += world.between(0.5, 10) * SECOND;
  }
  return true;
};

const changeNetwork: Action = ({ machine }, { world }) => {
  if (!machine.reachable) return false;
  machine.changeNetwork(world.chance(0.7));
  return true;
};

const cutConnections: Action = ({ machine }) => {
  if (!machine.reachable) return false;
  machine.cutConnections();
  return true;
};

const slowDown: Action = ({ machine }, { world }) => {
  machine.network.slowDown(world.between(200, 2_000));
  world.after(world.someTime(3 * MINUTE), () => machine.network.slowDown(0));
  return true;
};

const setClock: Action = ({ machine }, { world }) => {
  machine.clockOffset += world.between(-3, 3) * (world.chance(0.5) ? MINUTE : 60 * MINUTE);
  return true;
};

const sleep: Action = ({ machine }, { world }) => {
  if (!machine.awake) return false;
  machine.sleep();
  world.after(world.someTime(4 * MINUTE), () => {
    machine.wake();
    world.after(world.between(0, 4 * SECOND), () => machine.findNetwork(true));
  });
  return true;
};

const breakConnections: Action = ({ machine }) => {
  if (!machine.reachable) return false;
  machine.breakConnections();
  return true;
};

const losePower: Action = ({ machine }, { world }) => {
  if (!machine.awake) return false;
  machine.vanish();
  world.after(world.someTime(5 * MINUTE), () => {
    machine.wake();
    machine.findNetwork(false);
  });
  return true;
};

const changeRoom: Action = (tab, context) => {
  const { world } = context;
  const { page } = tab;
  if (!page || page.suspended) return false;
  if (world.chance(0.5)) {
    tab.roomId = undefined;
    page.client.leave().catch(() => {});
  } else {
    tab.enter(context.pickRoom());
  }
  return true;
};

const changeMetadata: Action = ({ page }, { world }) => {
  if (!page?.client.room || page.suspended) return false;
  page.client.setMetadata({ hand: world.chance(0.5), at: world.random.below(1_000) }).catch(() => {});
  return true;
};

const mute: Action = ({ page }, { world }) => {
  if (!page?.media || page.suspended) return false;
  page.media.setMuted(world.chance(0.5));
  return true;
};

const disconnect: Action = ({ page }) => {
  if (!page || page.suspended || page.client.state === "disconnected") return false;
  void page.client.disconnect();
  return true;
};

const comeBack: Action = (tab, context) => {
  const { page } = tab;
  if (!page || page.suspended || page.client.state !== "disconnected") return false;
  page.client.reconnect();
  tab.enter(tab.roomId ?? context.pickRoom());
  return true;
};

const open =
  (how: Parameters<ActionContext["openAnother"]>[1]): Action =>
  (tab, context) => {
    if (!tab.page || tab.page.suspended || tab.roomId === undefined) return false;
    context.openAnother(tab, how);
    return true;
  };

/** A tab that took the meeting over is gone before it sends anything. */
const openBriefly: Action = (tab, context) => {
  if (!tab.page || tab.page.suspended || tab.roomId === undefined) return false;
  const { world } = context;
  const other = context.openAnother(tab, world.chance(0.5) ? "same machine" : "other machine");
  if (!other) return false;
  world.after(world.between(200, 3_000), () => {
    if (!other.page || other.page.suspended) return;
    other.page.unload();
    other.forget();
  });
  return true;
};

/** The machine fails, and its user goes on with the other one. */
const changeDevice: Action = (tab, context) => {
  const { machine, page } = tab;
  const { world } = context;
  if (!page || !machine.reachable || tab.roomId === undefined) return false;
  if (world.chance(0.5)) machine.loseNetwork();
  else machine.sleep();
  world.after(world.between(5, 30) * SECOND, () => context.openAnother(tab, "other machine"));
  world.after(world.between(1, 4) * MINUTE, () => {
    machine.wake();
    machine.findNetwork(true);
  });
  return true;
};

const call: Action = (tab, context) => {
  const { page } = tab;
  if (!page?.connected || page.suspended || page.client.calls.current) return false;
  const friend = context.pickFriend(tab);
  if (friend) page.calls?.start(friend.userId);
  return friend !== undefined;
};

/** Two people call each other, at the same moment or nearly so. */
const callEachOther: Action = (tab, context) => {
  const { page } = tab;
  if (!page?.connected || page.suspended || page.client.calls.current) return false;
  const friend = context.pickFriend(tab);
  const other = friend?.tab?.page;
  if (!friend || !other || other.suspended || other.client.calls.current) return false;
  page.calls?.start(friend.userId);
  context.world.after(context.world.between(0, 80), () => other.task(() => other.calls?.start(tab.userId)));
  return true;
};

const hangUp: Action = ({ page }) => {
  if (!page?.client.calls.current || page.suspended) return false;
  page.calls?.hangUp();
  return true;
};

/** All actions. The simulation picks an action in proportion to its share. */
export const ACTIONS: readonly (readonly [name: string, share: number, action: Action])[] = [
  ["hides or shows", 14, hideOrShow],
  ["is frozen", 6, freeze],
  ["hangs", 6, hang],
  ["reloads", 10, reload],
  ["crashes", 4, crash],
  ["is closed", 5, close],
  ["loses its network", 9, loseNetwork],
  ["sleeps", 4, sleep],
  ["loses its connections", 7, breakConnections],
  ["loses power", 2, losePower],
  ["loses its network again and again", 2, loseNetworkOften],
  ["changes its network", 4, changeNetwork],
  ["loses its connections without a word", 3, cutConnections],
  ["has a slow network", 4, slowDown],
  ["has its clock set", 2, setClock],
  ["is left for another page and come back to", 4, goAndComeBack],
  ["goes with its whole browser", 2, quitBrowser],
  ["changes rooms", 6, changeRoom],
  ["changes its metadata", 6, changeMetadata],
  ["mutes or unmutes", 5, mute],
  ["disconnects", 3, disconnect],
  ["comes back", 9, comeBack],
  ["opens a second tab", 4, open("same machine")],
  ["opens a second device", 4, open("other machine")],
  ["fails and is replaced by another device", 3, changeDevice],
  ["is duplicated", 2, open("duplicate")],
  ["opens a tab and closes it at once", 4, openBriefly],
  ["calls somebody", 16, call],
  ["calls somebody who calls back at the same moment", 3, callEachOther],
  ["hangs up", 4, hangUp],
];

const TOTAL = ACTIONS.reduce((total, [, share]) => total + share, 0);

/** Does something to a tab that has a page. */
export function doSomething(tab: Tab, context: ActionContext): void {
  let left = context.world.random.next() * TOTAL;
  for (const [name, share, action] of ACTIONS) {
    left -= share;
    if (left > 0) continue;
    context.note(tab.page?.name ?? tab.name, name);
    if (action(tab, context)) context.count("action", name);
    else context.note(tab.page?.name ?? tab.name, "(not now)");
    return;
  }
}
