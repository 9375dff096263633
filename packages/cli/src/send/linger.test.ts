import { describe, expect, it } from "vitest";
import { withQuiet } from "./linger.ts";

describe("items that come slowly", () => {
  it("all come, in order, with what is quiet told between", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    async function* source() {
      yield { n: 1 };
      await promise;
      yield { n: 2 };
    }
    const seen: (number | undefined)[] = [];
    for await (const item of withQuiet(source(), 1)) {
      seen.push(item?.n);
      if (seen.filter((each) => each === undefined).length === 3) resolve();
    }
    expect(seen.filter((each) => each !== undefined)).toEqual([1, 2]);
    expect(seen.slice(0, 4)).toEqual([1, undefined, undefined, undefined]);
  });

  it("may fail, as their source does", async () => {
    async function* source() {
      yield { n: 1 };
      throw new Error("broken");
    }
    async function drain(): Promise<void> {
      for await (const _ of withQuiet(source(), 1_000));
    }
    await expect(drain()).rejects.toThrow("broken");
  });

  it("can be left while their source is stuck", async () => {
    async function* source() {
      await new Promise(() => undefined);
      yield {};
    }
    for await (const _ of withQuiet(source(), 1)) break;
  });
});
