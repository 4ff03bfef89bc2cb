import { describe, expect, test } from "vitest";
import { workersHold } from "../support/worker-dump.js";
import type { Person } from "./person.js";
import { noStageReason } from "./browsers.js";
import { onStage, openStage } from "./stage.js";

const switched = (person: Person) => person.page.getByTestId("switched-page").waitFor();

describe.skipIf(noStageReason)("tabs of one user", () => {
  test(onStage("the second tab takes the meeting over, and the third person sees nothing of it"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const first = await stage.enter("Ada", "daily");
    await Promise.all([eve.hearsAndSees(), first.hearsAndSees()]);
    const sessionId = await first.sessionId();
    const before = await eve.roster();

    const second = await first.openTab();
    await switched(first);
    expect(await second.sessionId()).toBe(sessionId);
    await Promise.all([second.hearsAndSees(), eve.hearsAndSees()]);
    expect(await eve.roster()).toEqual(before);
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined"]);
    await workersHold({ transports: 4, producers: 4, consumers: 4 });
    await workersHold({ transports: 4, producers: 4, consumers: 4 });

    await first.page.close();
    await eve.hearsAndSees();
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined"]);
  });

  test(onStage("“Use here instead” moves the meeting back and forth six times"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const first = await stage.enter("Ada", "daily");
    const sessionId = await first.sessionId();
    let [owner, other] = [await first.openTab(), first];
    for (let move = 0; move < 6; move++) {
      await switched(other);
      await other.page.bringToFront();
      await other.page.getByTestId("use-here-button").click();
      await other.joined();
      [owner, other] = [other, owner];
    }
    await switched(other);
    await Promise.all([owner.hearsAndSees(), eve.hearsAndSees()]);
    expect(await owner.sessionId()).toBe(sessionId);
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined"]);
    expect((await eve.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
    await workersHold({ transports: 4, producers: 4, consumers: 4 });
  });
});
