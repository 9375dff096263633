import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";

const forever = new AbortController().signal;

describe("Admission", () => {
  it("refuses what would go over the bound, and takes it when there is room again", () => {
    const admission = new Admission(10);
    admission.take(6);
    expect(() => admission.take(5)).toThrow(expect.objectContaining({ kind: "exhausted", retryAfterMs: 500 }));
    admission.release(1);
    admission.take(5);
    expect(admission.bytes).toBe(10);
  });

  it("lets those who wait in by their order, and nobody past them", async () => {
    const admission = new Admission(10);
    admission.take(8);
    const order: string[] = [];
    const large = admission.whenRoom(9, forever).then(() => order.push("large"));
    const small = admission.whenRoom(1, forever).then(() => order.push("small"));
    expect(admission.tryTake(1)).toBe(false);
    admission.release(8);
    await Promise.all([large, small]);
    expect(order).toEqual(["large", "small"]);
    expect(admission.bytes).toBe(10);
  });

  it("forgets who gives up, and lets in who waited behind", async () => {
    const admission = new Admission(10);
    admission.take(8);
    const giving = new AbortController();
    const gone = admission.whenRoom(9, giving.signal);
    const next = admission.whenRoom(2, forever);
    giving.abort(new Error("gone"));
    await expect(gone).rejects.toThrow("gone");
    await next;
    expect(admission.bytes).toBe(10);
    await expect(admission.whenRoom(1, giving.signal)).rejects.toThrow("gone");
  });
});
