import { join } from "node:path";
import { Child, environment } from "@millrace/harness";
import type { SentTicks, Total } from "@millrace/harness/load";
import { expect } from "vitest";

/** An application beside the test, with the client library of another release. */
export class SdkBeside {
  readonly #child: Child;
  readonly #name: string;

  /** Begins to track. */
  constructor(checkout: string, url: string, key: string, name: string) {
    this.#name = name;
    const script = join(import.meta.dirname, "../sdk-child.ts");
    this.#child = new Child(script, [checkout, url, key, name], { cwd: process.cwd(), env: environment({}) });
  }

  /** Tracks no more, and resolves when all is durable; gives what was sent. */
  async stop(): Promise<SentTicks> {
    this.#child.kill("SIGTERM");
    const exit = await this.#child.exit;
    expect(exit, this.#child.stderr).toEqual({ code: 0, signal: null });
    const said = JSON.parse(this.#child.stdout, (_, value) =>
      typeof value === "string" && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
    );
    expect(said).toMatchObject({ pending: 0, rejected: {}, dropped: {} });
    return { name: this.#name, ...said, minutes: new Map<number, Total>(said.minutes) };
  }
}
