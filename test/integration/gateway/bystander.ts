import { expect } from "vitest";
import type { TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";

/**
 * Somebody else in the room, who must not feel what another does: no close, no error, every heartbeat answered.
 */
export interface Bystander {
  client: TestClient;
  /** Fails when anything of another's doing has reached it. */
  assertUnharmed(): Promise<void>;
}

export async function bystanderIn(service: TestService, roomId: string): Promise<Bystander> {
  const client = await service.join("bystander", roomId);
  let beats = 0;
  return {
    client,
    async assertUnharmed() {
      beats += 1;
      client.sendRaw('{"type":"ping"}');
      await client.frame(() => client.frames.filter(({ type }) => type === "pong").length === beats, "its pong");
      expect(client.closeCode).toBeUndefined();
      expect(client.events("error")).toEqual([]);
      expect((await client.request("getRoom")).room.participants.map(({ userId }) => userId)).toContain("bystander");
    },
  };
}

/** Nothing of what happened was the service's own failure. */
export function assertNoFailure(service: TestService): void {
  expect(service.log.filter(({ level }) => level >= 50)).toEqual([]);
}

/** Sends large events to everybody in the room "daily" until something happens. It gives up after 60 MB. */
export async function tellUntil(service: TestService, hasHappened: () => boolean): Promise<void> {
  for (let n = 0; n < 1_000 && !hasHappened(); n += 1) {
    service.app.rooms.tell("daily", "media_reset", { reason: "x".repeat(60_000) });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(hasHappened()).toBe(true);
}
