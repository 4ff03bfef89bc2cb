import { COUNT_NAMES, type CountName, type Health } from "./shapes.js";
import { drainWords, duration } from "./words.js";

const WORDS: Readonly<Record<CountName, string>> = {
  connectedUsers: "users",
  sessions: "sessions",
  rooms: "rooms",
  activeCalls: "calls",
  busyUsers: "busy users",
  ghosts: "ghosts",
};

/** The numbers of the node that answered, and whether its media workers and Redis work. */
export function Overview({ health }: { health: Health | undefined }) {
  return (
    <section class="overview" aria-label="This node">
      <dl class="numbers">
        {COUNT_NAMES.map((name) => (
          <div key={name} data-count={name}>
            <dt>{WORDS[name]}</dt>
            <dd data-testid={`count-${name}`} data-some={health && health.counts[name] > 0 ? "" : undefined}>
              {health ? health.counts[name].toLocaleString("en-GB") : "–"}
            </dd>
          </div>
        ))}
      </dl>
      <p class="small" data-testid="about-node">
        {health && aboutNode(health)}
      </p>
    </section>
  );
}

function aboutNode(health: Health): string {
  const { nodeId, version, uptimeSeconds, checks, draining } = health;
  const up = duration(uptimeSeconds * 1000);
  const about = `Numbers of node ${nodeId}, version ${version}, up for ${up}. Media: ${checks.media}. Redis: ${checks.redis}. Webhook: ${checks.webhook}.`;
  return draining ? `${about} ${drainWords(health)}; it takes nothing new.` : about;
}
