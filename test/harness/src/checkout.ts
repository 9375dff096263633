import { join } from "node:path";

const NODE_MAJOR_MIN = 24;

/** The root of the repository. */
export const CHECKOUT = join(import.meta.dirname, "../../..");

/** Fails when this Node can not run the project's TypeScript. */
export function requireNode(): void {
  if (Number(process.versions.node.split(".", 1)[0]) >= NODE_MAJOR_MIN) return;
  throw new Error(
    `this is Node ${process.version}; start the tests with npm, which finds the Node ${NODE_MAJOR_MIN} of npm ci`,
  );
}

/** This process's environment without any setting of Millrace's own, and with those given. */
export function environment(settings: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MILLRACE_|OTEL_|NODE_OPTIONS$)/.test(name));
  return { ...Object.fromEntries(inherited), ...settings };
}
