/** What a member says of itself when it joins. */
export type Claim = { readonly memberId: string; readonly owned: readonly number[] };

/**
 * Shares partitions among members, moving as few as possible. What must move is given to nobody in this round: its owner lets go of
 * it, joins again, and then it is free.
 */
export function sharePartitions(claims: readonly Claim[], partitions: number): Map<string, number[]> {
  const byLoad = claims.toSorted((a, b) => b.owned.length - a.owned.length || (a.memberId < b.memberId ? -1 : 1));
  const owned = new Set(byLoad.flatMap((claim) => claim.owned));
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((each) => !owned.has(each));
  const share = Math.floor(partitions / byLoad.length);
  const larger = partitions % byLoad.length;
  const targetOf = (index: number) => share + (index < larger ? 1 : 0);
  const given = new Map(byLoad.map(({ memberId, owned }, index) => [memberId, owned.slice(0, targetOf(index))]));
  for (const [index, { memberId }] of byLoad.entries()) {
    const own = given.get(memberId)!;
    own.push(...free.splice(0, Math.max(0, targetOf(index) - own.length)));
  }
  return given;
}
