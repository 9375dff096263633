import { describe, expect, it } from "vitest";
import { type Harness, RecordingMember, value } from "./harness.ts";

export function groupContract(harness: Harness): void {
  describe("groups", () => {
    it("gives every partition to one member at a time, and to someone", async () => {
      const { log } = await harness.open();
      const events: string[] = [];
      const members = ["a", "b", "c"].map((name) => new RecordingMember(name, events));
      const joined = await Promise.all(members.map((member) => log.join("g", member)));
      const owned = () => members.flatMap((member) => [...member.owned.keys()]).sort((a, b) => a - b);
      const all = Array.from({ length: log.partitions }, (_, i) => i);
      await harness.until(
        "all are owned by three",
        () => owned().length === all.length && members.every((m) => m.owned.size > 0),
      );
      await joined[1]!.leave();
      await harness.until("all are owned by two", () => owned().length === all.length && members[1]!.owned.size === 0);
      expect(owned()).toEqual(all);
      expect(overlaps(events)).toEqual([]);
    });

    harness.itNeeds(["stickiness"], "moves as few partitions as possible when a member joins or leaves", async () => {
      const { log } = await harness.open();
      const first = new RecordingMember("first");
      const second = new RecordingMember("second");
      await log.join("g", first);
      const joined = await log.join("g", second);
      await harness.until("the second has its share", () => second.owned.size === Math.floor(log.partitions / 2));
      expect(first.events.filter((event) => event.includes("revoked"))).toHaveLength(second.owned.size);
      await joined.leave();
      await harness.until("the first has all", () => first.owned.size === log.partitions);
      expect(first.history).toHaveLength(log.partitions + Math.floor(log.partitions / 2));
    });

    it("awaits revoke before a partition goes to another member, which begins at what was committed meanwhile", async () => {
      const { log } = await harness.open();
      for (let partition = 0; partition < log.partitions; partition++) {
        for (let i = 0; i < 4; i++) await log.append(partition, value(`${i}`));
      }
      const events: string[] = [];
      const first = new RecordingMember("first", events);
      first.onRevoke = async (owned) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await owned.commit(first.received.get(owned.partition)!.at(-1)!.offset + 1);
      };
      await log.join("g", first);
      await harness.until(
        "all arrived",
        () => first.received.size === log.partitions && [...first.received.values()].every((r) => r.length === 4),
      );
      const second = new RecordingMember("second", events);
      await log.join("g", second);
      await harness.until("the second has some", () => second.owned.size > 0);
      const moved = [...second.owned.keys()][0]!;
      await log.append(moved, value("new"));
      await harness.until("the new record arrived", () => second.texts(moved).length > 0);
      expect(second.texts(moved)).toEqual(["new"]);
      expect(overlaps(events)).toEqual([]);
    });

    it("refuses a commit after a lost ownership with stale (OWNERSHIP_LOST), and changes nothing", async () => {
      const { log } = await harness.open();
      const { offset } = await log.append(0, value("x"));
      const member = new RecordingMember();
      const joined = await log.join("g", member);
      await harness.until("it arrived", () => member.texts(0).length === 1);
      const owned = member.owned.get(0)!;
      await joined.leave();
      expect(owned.lost.aborted).toBe(true);
      await expect(owned.commit(offset + 1)).rejects.toMatchObject({ kind: "stale", reason: "OWNERSHIP_LOST" });
      expect(await log.committed("g", 0)).toBe(0);
    });

    it("does not let groups see each other's commits", async () => {
      const { log } = await harness.open();
      const { offset } = await log.append(0, value("x"));
      const one = new RecordingMember();
      await log.join("one", one);
      await harness.until("it arrived", () => one.texts(0).length === 1);
      await one.owned.get(0)!.commit(offset + 1);
      expect(await log.committed("one", 0)).toBe(offset + 1);
      expect(await log.committed("two", 0)).toBe(0);
      const two = new RecordingMember();
      await log.join("two", two);
      await harness.until("it arrived there too", () => two.texts(0).length === 1);
    });

    it("tells a handler that waits that its partition is wanted elsewhere, and hands its records to the next owner", async () => {
      const { log } = await harness.open();
      for (let partition = 0; partition < log.partitions; partition++) await log.append(partition, value("stuck"));
      const events: string[] = [];
      const first = new RecordingMember("first", events);
      const ends = new Map<number, () => void>();
      first.onRecords = (_, { partition }) => new Promise<void>((resolve) => ends.set(partition, resolve));
      first.onRevoking = ({ partition }) => {
        events.push(`first revoking ${partition}`);
        ends.get(partition)!();
      };
      await log.join("g", first);
      await harness.until("the first waits with every partition", () => ends.size === log.partitions);
      const second = new RecordingMember("second", events);
      await log.join("g", second);
      const firstMoved = () => [...second.owned.keys()][0];
      await harness.until("the second has a record of what it has", () => {
        const partition = firstMoved();
        return partition !== undefined && second.texts(partition).length > 0;
      });
      const moved = firstMoved();
      expect(second.texts(moved!)).toEqual(["stuck"]);
      const ofMoved = events
        .filter((event) => event.endsWith(` ${moved}`))
        .map((event) => event.split(" ", 2).join(" "));
      expect(ofMoved).toEqual(["first assigned", "first revoking", "first revoked", "second assigned"]);
    });

    it("awaits the revoke of every handler when a member leaves, once", async () => {
      const { log } = await harness.open();
      const member = new RecordingMember();
      member.onRevoke = () => new Promise((resolve) => setTimeout(resolve, 10));
      const joined = await log.join("g", member);
      await harness.until("all are owned", () => member.owned.size === log.partitions);
      await Promise.all([joined.leave(), joined.leave()]);
      await joined.leave();
      expect(member.owned.size).toBe(0);
      expect(member.events.filter((event) => event.includes("revoked"))).toHaveLength(log.partitions);
    });

    it("revokes everything in good order on close, and hands over nothing after", async () => {
      const { log } = await harness.open();
      const member = new RecordingMember();
      member.onRevoke = async (owned) => {
        await owned.commit(owned.endOffset());
      };
      const joined = await log.join("g", member);
      await log.append(0, value("x"));
      await harness.until("it arrived", () => member.texts(0).length === 1);
      await log.close();
      await joined.leave();
      expect(member.events.filter((event) => event.includes("revoked"))).toHaveLength(log.partitions);
      expect(member.owned.size).toBe(0);
      expect(member.failures).toEqual([]);
      expect(member.history.every((owned) => owned.lost.aborted)).toBe(true);
    });
  });
}

/** Partitions that were assigned while another member still had them. */
function overlaps(events: readonly string[]): string[] {
  const owners = new Map<string, string>();
  return events.filter((event) => {
    const [name, what, partition] = event.split(" ") as [string, string, string];
    if (what === "revoked") {
      owners.delete(partition);
      return false;
    }
    const taken = owners.has(partition);
    owners.set(partition, name);
    return taken;
  });
}
