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

/** The deadlines that decide who is alive, for whoever shows ages against them. */
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
