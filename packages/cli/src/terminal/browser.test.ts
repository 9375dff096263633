import { expect, it } from "vitest";
import { browserCommand } from "./browser.ts";

const URL = "http://127.0.0.1:8080/#token=a&b";

it.each([
  ["linux", {}, undefined],
  ["linux", { DISPLAY: ":0" }, ["xdg-open", [URL]]],
  ["linux", { WAYLAND_DISPLAY: "wayland-0" }, ["xdg-open", [URL]]],
  ["linux", { WSL_DISTRO_NAME: "Debian" }, ["wslview", [URL]]],
  ["darwin", {}, ["open", [URL]]],
  ["darwin", { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }, undefined],
  ["win32", {}, ["rundll32", ["url.dll,FileProtocolHandler", URL]]],
] as const)("on %s with %j the page is opened by %j", (platform, environment, expected) => {
  expect(browserCommand(URL, platform, environment)).toEqual(expected);
});
