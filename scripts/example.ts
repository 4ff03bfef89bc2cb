/** The React example: the service, which lets the example's page in, and Vite's server for the page. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const PAGE = "http://localhost:5173,http://127.0.0.1:5173";
const env = { ...process.env, LASTSEEN_ENV: "development", WEB_PORT: "0", CORS_ORIGIN: PAGE };

const service = spawn(process.execPath, ["--enable-source-maps", join("dist", "main.js")], { stdio: "inherit", env });
const page = spawn(process.execPath, [join("node_modules", "vite", "bin", "vite.js"), "examples/react-call"], {
  stdio: "inherit",
});

// Both hear Ctrl+C from the terminal by themselves; this process waits for them to stop in order.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    service.kill(signal);
    page.kill(signal);
  });
service.once("exit", (code) => {
  page.kill();
  process.exitCode = code ?? 0;
});
page.once("exit", () => service.kill("SIGTERM"));
