import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

describe.skipIf(noMediaReason)(needsMedia("An example"), () => {
  test.each(["existing-backend", "express-socketio"])(
    "%s runs to its end, closes what the ghost left, and leaves the rest",
    async (name) => {
      const { stdout } = await promisify(execFile)(process.execPath, [`examples/${name}/demo.js`], { cwd: ROOT });
      const lines = stdout.trim().split("\n");
      expect(lines).toContain("ann's cleanup was verified: clean.");
      expect(lines).toContain("The router holds 2 transports.");
      expect(lines.at(-1)).toBe("The backend is closed.");
    },
  );
});
