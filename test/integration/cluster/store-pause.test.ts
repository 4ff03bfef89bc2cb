import { expect, onTestFinished, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

test("while Redis is silent, another node asks a returning client to retry, and refuses only when Redis stays away", async () => {
  const fleet = await Fleet.start(2);
  const [first, second] = fleet.nodes;
  if (!first || !second) throw new Error("two nodes were asked for");
  const ada = await TestClient.open(first.ws);
  onTestFinished(() => ada.reset());
  const user = { id: "ada" };
  const { sessionId, resumeToken } = await ada.request("hello", { user, tabId: "tab" });
  await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === "1");

  /** The error of a resume at the other node. */
  const refusal = async () => {
    const client = await TestClient.open(second.ws);
    onTestFinished(() => client.reset());
    const answer = await client.ask("hello", { user, tabId: "tab", resume: { sessionId, resumeToken } });
    if (answer.ok) throw new Error("the other node has the session");
    return answer.error;
  };
  fleet.redis.signal("SIGSTOP");
  expect(await refusal()).toMatchObject({ code: "overloaded", retryable: true, data: { retryAfterMs: 1_000 } });
  fleet.redis.signal("SIGCONT");
  await until(async () => (await refusal()).code === "redirect");

  fleet.redis.signal("SIGSTOP");
  await until(async () => (await refusal()).code === "session_gone");
  fleet.redis.signal("SIGCONT");
});
