import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { ADMIN_TOKEN as TOKEN } from "../../support/secrets.js";

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test.each([
  ["ADMIN_TOKEN", "/api/rooms"],
  ["METRICS_TOKEN", "/metrics"],
])(
  "an address that guesses %s is slowed down and then refused, and the right token is let in at once",
  async (setting, path) => {
    const service = await startService({ [setting]: TOKEN });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await service.get(path, bearer(`guess-${n}`))).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401]);

    const refused = await service.get(path, bearer("guess-6"));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
    expect(await refused.json()).toMatchObject({
      error: { code: "rate_limited", message: expect.stringContaining(`Send the value of ${setting}`) },
    });
    expect((await service.get(path, bearer(TOKEN))).status).toBe(200);
    expect((await service.get(path)).status).toBe(401);

    const lines = service.log.filter(({ msg }) => msg === "wrong admin token");
    expect(lines).toEqual([expect.objectContaining({ setting, address: "127.0.0.1" })]);
    expect(JSON.stringify(service.log)).not.toContain("guess-");
    const token = setting === "METRICS_TOKEN" ? bearer(TOKEN) : {};
    const metrics = await (await service.get("/metrics", token)).text();
    expect(metrics).toContain(`lastseen_admin_guesses_total{setting="${setting}"} 6`);
  },
);
