/** React renders the first picture on a server: nothing is opened there, and the page shows that it connects. */
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { LastseenClient } from "@lastseen/client";
import { expect, it, vi } from "vitest";
import { ClientView } from "../../packages/react/src/client-view.js";
import {
  LastseenProvider,
  SwitchedElsewhere,
  useCall,
  useConnection,
  useDevices,
  useRoom,
  useStatus,
  useTracks,
} from "@lastseen/react";

function Page() {
  const { state } = useConnection();
  const { participants, state: room } = useRoom("daily");
  const { call } = useCall();
  const tracks = useTracks(["camera"]);
  const { devices, permission } = useDevices("mic");
  const seen = [state, room, participants.length, call, tracks.length, devices.length, permission, useStatus("bob")];
  return createElement("p", null, seen.map(String).join(" "), createElement(SwitchedElsewhere));
}

it("renders on a server without a window, and opens nothing", () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  const page = createElement(
    LastseenProvider,
    { options: { url: "https://calls.example", user: { id: "ann" } } },
    createElement(Page),
  );
  expect(renderToString(page)).toBe("<p>connecting connecting 0 undefined 0 0 unknown undefined</p>");
  expect(timers).not.toHaveBeenCalled();
  timers.mockRestore();
});

it("says what is missing without a provider", () => {
  const mute = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(() => renderToString(createElement(Page))).toThrow("Put <LastseenProvider> around this component.");
  mute.mockRestore();
});

it("gives a component only the statuses of the users that it names", () => {
  const client = new LastseenClient({ url: "https://calls.example", user: { id: "ann" } });
  ClientView.of(client).statuses.set(
    new Map([
      ["bob", "busy"],
      ["eve", "available"],
    ]),
  );
  const List = () => createElement("p", null, JSON.stringify([...useStatus(["bob", "kim"])]));
  const page = createElement(LastseenProvider, { client }, createElement(List));
  expect(renderToString(page)).toBe("<p>[[&quot;bob&quot;,&quot;busy&quot;]]</p>");
});
