import { spawn } from "node:child_process";

/** What opens an address on a system: a program and what it is called with; undefined where nobody would see it. */
export function browserCommand(
  url: string,
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
): readonly [program: string, args: readonly string[]] | undefined {
  // Over SSH it would open on the other machine's screen, if at all.
  if (environment["SSH_CONNECTION"] && !environment["DISPLAY"]) return undefined;
  if (platform === "darwin") return ["open", [url]];
  // Not through cmd, for which & and ^ in an address mean something.
  if (platform === "win32") return ["rundll32", ["url.dll,FileProtocolHandler", url]];
  if (environment["WSL_DISTRO_NAME"]) return ["wslview", [url]];
  const hasDisplay = Boolean(environment["DISPLAY"] || environment["WAYLAND_DISPLAY"]);
  return hasDisplay ? ["xdg-open", [url]] : undefined;
}

/** Opens an address in the person's browser. False where there is none. */
export function openInBrowser(url: string): Promise<boolean> {
  const command = browserCommand(url, process.platform, process.env);
  if (command === undefined) return Promise.resolve(false);
  const [program, args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}
