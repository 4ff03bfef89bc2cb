/**
 * A crowd in its own process, so that other crowds and the test do not disturb its measurements:
 * `node crowd-process.ts <CrowdOptions as JSON>`. Tells its parent when all clients have joined, then answers its requests.
 */
import { Crowd, type CrowdOptions, type CrowdQuestion } from "./crowd.js";

const crowd = await Crowd.enter(JSON.parse(process.argv[2] ?? "") as CrowdOptions);
process.on("message", (question: CrowdQuestion) => process.send?.(answer(question)));
process.on("disconnect", () => process.exit());
process.send?.("ready");

function answer(question: CrowdQuestion): unknown {
  switch (question.ask) {
    case "heartbeats":
      return crowd.heartbeats();
    case "members":
      return crowd.members();
    case "missing":
      return crowd.missing();
    case "returnTo":
      crowd.returnTo(question.urls, question.who);
      return null;
    default:
      crowd.close();
      return null;
  }
}
