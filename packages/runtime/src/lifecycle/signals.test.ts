import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

type Line = { readonly msg: string; readonly url?: string; readonly open?: string[]; readonly path?: string };

/** Starts the fixture as a process of its own, and gives its log lines and its end. */
async function startProcess(deadlineMs: number) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("fixture/process.ts", import.meta.url)), String(deadlineMs)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: Line[] = [];
  const exit = once(child, "exit").then(([code]) => code as number | null);
  let url = "";
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      if (line.url !== undefined) {
        url = line.url;
        resolve();
      }
    });
    exit.then((code) => reject(new Error(`it ended with ${code}`)));
  });
  return { child, lines, exit, url };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("a process with a server", () => {
  it("answers on SIGTERM what is under way, closes its parts in reverse, and ends with 0", async () => {
    const { child, lines, exit, url } = await startProcess(10_000);
    const answer = fetch(`${url}/until-drain`).then((response) => response.text());
    await fetch(`${url}/nowhere`);
    child.kill("SIGTERM");
    expect(await answer).toBe("answered early");
    expect(await exit).toBe(0);
    expect(lines.map(({ msg }) => msg)).toContain("store closed");
  });

  it("is ended by a second signal with 1, saying what was still open", async () => {
    const { child, lines, exit, url } = await startProcess(10_000);
    const answer = fetch(`${url}/never`).catch(() => "cut off");
    await fetch(`${url}/nowhere`);
    child.kill("SIGTERM");
    await until(() => lines.some(({ msg }) => msg === "stopping"));
    child.kill("SIGTERM");
    expect(await exit).toBe(1);
    expect(await answer).toBe("cut off");
    expect(lines.at(-1)).toMatchObject({
      msg: "a second signal: ending by force",
      open: ["telemetry", "store", "server"],
    });
  });

  it("is ended by the deadline with 1", async () => {
    const { child, lines, exit, url } = await startProcess(200);
    const answer = fetch(`${url}/never`).catch(() => "cut off");
    await fetch(`${url}/nowhere`);
    child.kill("SIGINT");
    expect(await exit).toBe(1);
    expect(await answer).toBe("cut off");
    expect(lines.at(-1)?.msg).toBe("the deadline of 200 ms: ending by force");
  });
});
