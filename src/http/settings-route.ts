import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type, { type Static } from "typebox";

const Milliseconds = Type.Number({ minimum: 0 });

const Settings = Type.Object({
  heartbeatIntervalMs: Milliseconds,
  awayAfterMs: Milliseconds,
  idleTimeoutMs: Milliseconds,
  sweepIntervalMs: Milliseconds,
  reloadGraceMs: Milliseconds,
  resumeGraceMs: Milliseconds,
});

/** Shows the deadlines that decide who is alive. The operator page compares ages with them. */
export function settingsRoute(settings: Static<typeof Settings>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/settings",
      {
        schema: { tags: ["settings"], summary: "The deadlines that decide who is alive", response: { 200: Settings } },
      },
      () => settings,
    );
  };
}
