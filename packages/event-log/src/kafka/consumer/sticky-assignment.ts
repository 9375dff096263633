/** What a member says of itself when it joins. */
export type MemberClaims = {
  /** The name that the coordinator gave it. */
  readonly memberId: string;
  /** The partitions that it works on and would keep. */
  readonly owned: readonly number[];
  /** The partitions that it is still finishing with, on its way to let them go. */
  readonly releasing: readonly number[];
  /** True when it is about to leave: it gets nothing more. */
  readonly leaving: boolean;
  /** The generation of the group in which it came by what it owns: of two that claim a partition, the later one is right. */
  readonly generation: number;
};

/**
 * Shares `partitions` partitions, from 0, among members, moving as few as possible. Deterministic: the order of the
 * members does not matter.
 *
 * A partition that a member still holds is never given to another one: what must move is given to nobody, so that its
 * holder finishes with it and joins again without it; it is given away in that round. So each round's assignment is
 * safe at once, and after the rounds that it takes to let go, the shares differ by one at most.
 *
 * @returns each member's partitions, ascending
 */
export function assignSticky(members: readonly MemberClaims[], partitions: number): Map<string, number[]> {
  const held = holders(members, partitions);
  const staying = members.filter((member) => !member.leaving).map(({ memberId }) => memberId);
  const owned = new Map<string, number[]>(staying.map((memberId) => [memberId, []]));
  const free: number[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const holder = held.get(partition);
    if (holder === undefined) free.push(partition);
    else if (!holder.releasing) owned.get(holder.memberId)?.push(partition);
  }
  const result = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  if (staying.length === 0) return result;

  const share = Math.floor(partitions / staying.length);
  let larger = partitions % staying.length;
  // Who has most may keep one more, so that fewer move.
  const byLoad = staying.sort((a, b) => owned.get(b)!.length - owned.get(a)!.length || compare(a, b));
  for (const memberId of byLoad) {
    const target = larger-- > 0 ? share + 1 : share;
    const kept = owned.get(memberId)!.slice(0, target);
    result.set(memberId, kept);
    owned.set(
      memberId,
      Array.from({ length: target - kept.length }, () => -1),
    );
  }
  // Who has least comes first: there may be less to give than is missing while others still let go.
  for (const partition of free) {
    const [neediest] = byLoad
      .filter((memberId) => owned.get(memberId)!.length > 0)
      .sort((a, b) => result.get(a)!.length - result.get(b)!.length || compare(a, b));
    if (neediest === undefined) break;
    owned.get(neediest)!.pop();
    result.get(neediest)!.push(partition);
  }
  for (const given of result.values()) given.sort((a, b) => a - b);
  return result;
}

type Holder = { readonly memberId: string; readonly releasing: boolean; readonly generation: number };

function holders(members: readonly MemberClaims[], partitions: number): Map<number, Holder> {
  const held = new Map<number, Holder>();
  const claim = (partition: number, by: Holder) => {
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) return;
    const other = held.get(partition);
    const wins =
      other === undefined ||
      by.generation > other.generation ||
      (by.generation === other.generation && compare(by.memberId, other.memberId) < 0);
    if (wins) held.set(partition, by);
  };
  for (const { memberId, owned, releasing, leaving, generation } of members) {
    for (const partition of owned) claim(partition, { memberId, releasing: leaving, generation });
    for (const partition of releasing) claim(partition, { memberId, releasing: true, generation });
  }
  return held;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
