import { expect, test } from "vitest";
import { LastseenError } from "@lastseen/protocol";
import { HesitantDirectory, HesitantMedia } from "../../support/hesitant.js";
import { Random } from "../../support/random.js";
import { World } from "../../support/world.js";

const RACES = 500;
const BY = { name: "ADMIN_TOKEN" };
const EXPECTED = new Set(["blocked", "fenced", "already_joined"]);

/** Lets other code run for a random number of turns. */
async function wait(random: Random): Promise<void> {
  for (let turns = random.below(12); turns > 0; turns--) await Promise.resolve();
}

test.each(["everywhere", "in the room"])(
  "nobody slips through while a block comes: %s, however a join and the block meet",
  async (where) => {
    let refused = 0;
    for (let seed = 0; seed < RACES; seed++) {
      const random = new Random(seed);
      const media = new HesitantMedia(random);
      const world = new World({ media, directory: (clock) => new HesitantDirectory(clock, random) });
      const join = async (userId: string): Promise<void> => {
        await wait(random);
        await world.open(userId, "daily").catch((error: unknown) => {
          if (!(error instanceof LastseenError) || !EXPECTED.has(error.code)) throw error;
          refused += 1;
        });
      };
      const block = async (): Promise<void> => {
        await wait(random);
        const target = where === "everywhere" ? { userId: "ada" } : { userId: "ada", roomId: "daily" };
        await world.service.blocks.block(target, 60_000, BY);
      };
      await Promise.all([join("ada"), join("ada"), block(), join("bob")]);
      await world.run(1_000);
      const present = [...(world.rooms.find("daily")?.members.values() ?? [])].map(({ userId }) => userId);
      expect(present, `seed ${seed}`).toEqual(["bob"]);
      // `World.open` opens sessions without the check of hello; only those of before the block must have ended.
      const open = world.registry.ofUser("ada").filter(({ participation }) => participation !== undefined);
      expect(open, `seed ${seed}`).toEqual([]);
      expect(world.errors).toEqual([]);
      await world.close();
    }
    expect(refused).toBeGreaterThan(RACES / 10);
  },
);
