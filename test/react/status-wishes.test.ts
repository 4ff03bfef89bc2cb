import { expect, it } from "vitest";
import { ClientView } from "../../packages/react/src/client-view.js";
import { calm } from "../unit/client/fake-media.js";
import { connected } from "../unit/client/scenes.js";

it("forgets the status of a user whom no component watches any more", async () => {
  const { browser, client } = await connected();
  const view = ClientView.of(client);
  const remove = view.statusWishes.add(["bob"]);
  await calm();
  await browser.socket.answer("watchStatus", { statuses: [{ userId: "bob", status: "available" }] });
  await calm();
  expect(view.statuses.get().get("bob")).toBe("available");
  remove();
  await calm();
  expect(view.statuses.get().has("bob")).toBe(false);
});
