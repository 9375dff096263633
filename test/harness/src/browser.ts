import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where Chromium is looked for when MILLRACE_TEST_CHROMIUM names none. */
const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** It speaks to nobody but the pages under test. */
const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a browser is to do that it is not asked to in most tests. */
export type BrowserOptions = {
  /** True: pages that were left are kept and shown as they were, as visitors' browsers do it. */
  readonly keepsPages?: boolean;
  /** What it calls itself, even in requests that outlive their page, which know nothing of a context's own name. */
  readonly userAgent?: string;
};

/** A real Chromium without a window. The caller closes it. Fails with the line to type where there is none. */
export async function openBrowser({ keepsPages = false, userAgent }: BrowserOptions = {}): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  const args = [
    ...ARGUMENTS,
    ...(isRoot ? ["--no-sandbox"] : []),
    ...(userAgent === undefined ? [] : [`--user-agent=${userAgent}`]),
  ];
  const ignoreDefaultArgs = keepsPages ? ["--disable-back-forward-cache"] : [];
  return chromium.launch({ executablePath: findChromium(isRoot), headless: true, args, ignoreDefaultArgs });
}

/** Installs Chromium where it is missing and may be installed, so that no test has to wait for it. */
export function bringBrowser(): void {
  findChromium(process.getuid?.() === 0);
}

function findChromium(isRoot: boolean): string {
  const given = process.env["MILLRACE_TEST_CHROMIUM"];
  const found = given ?? PATHS.find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (isRoot && existsSync("/usr/bin/apt-get")) installChromium();
  const installed = PATHS.find((path) => existsSync(path));
  if (installed !== undefined) return installed;
  throw new Error(
    "These tests need Chromium: `sudo apt-get install chromium`, or name one with MILLRACE_TEST_CHROMIUM=/path/to/chrome",
  );
}

function installChromium(): void {
  process.stderr.write("Installing Chromium for the tests: apt-get install chromium\n");
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  // Others may be installing something at this moment.
  const patient = ["-qq", "-o", "DPkg::Lock::Timeout=300"];
  execFileSync("apt-get", [...patient, "update"], options);
  execFileSync("apt-get", [...patient, "install", "-y", "--no-install-recommends", "chromium"], options);
}
