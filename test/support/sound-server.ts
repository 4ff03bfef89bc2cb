/** A PulseAudio of its own, whose microphones a test plugs in and pulls out. The browsers that start meanwhile use it. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCommand } from "../../scripts/system-packages.js";
import { until } from "./until.js";

/** Why there can be none here; undefined when there can. */
export const noSoundServerReason =
  findCommand("pulseaudio") && findCommand("pactl") ? undefined : "there is no pulseaudio or no pactl";

export class SoundServer {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #env: NodeJS.ProcessEnv;
  readonly #before = process.env["PULSE_SERVER"];
  /** The module of each microphone, by its name. */
  readonly #modules = new Map<string, string>();

  private constructor(folder: string, child: ChildProcess, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#process = child;
    this.#env = env;
  }

  /** @param microphones their names; the first one is what programs get that ask for none */
  static async start(microphones: readonly string[]): Promise<SoundServer> {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-sound-"));
    const script = join(folder, "start.pa");
    const socket = join(folder, "socket");
    // What the microphones hear is what is played into the air: nothing.
    writeFileSync(
      script,
      [
        "load-module module-null-sink sink_name=air sink_properties=device.description=Air",
        `load-module module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
      ].join("\n"),
    );
    const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, PULSE_SERVER: `unix:${socket}` };
    const args = ["-n", "-F", script, "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no"];
    const child = spawn("pulseaudio", args, { env, stdio: "ignore" });
    const server = new SoundServer(folder, child, env);
    await until(() => server.#pactl("info") !== undefined);
    process.env["PULSE_SERVER"] = env.PULSE_SERVER;
    for (const name of microphones) server.plugIn(name);
    server.#pactl("set-default-source", microphones[0] ?? "air.monitor");
    return server;
  }

  plugIn(name: string): void {
    const properties = `source_properties=device.description=${name}`;
    const module = this.#pactl(
      "load-module",
      "module-remap-source",
      "master=air.monitor",
      `source_name=${name}`,
      properties,
    );
    if (module === undefined) throw new Error(`no microphone ${name}`);
    this.#modules.set(name, module.trim());
  }

  pullOut(name: string): void {
    this.#pactl("unload-module", this.#modules.get(name) ?? "");
  }

  close(): void {
    if (this.#before === undefined) delete process.env["PULSE_SERVER"];
    else process.env["PULSE_SERVER"] = this.#before;
    this.#process.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @returns what it printed; undefined when it failed */
  #pactl(...args: string[]): string | undefined {
    const { status, stdout } = spawnSync("pactl", args, { env: this.#env, encoding: "utf8" });
    return status === 0 ? stdout : undefined;
  }
}
