/** The shares of all events that projects have by Zipf's law: the n-th has one in proportion to 1/n. They add up to 1. */
export function zipfShares(projects: number): Float64Array {
  const shares = Float64Array.from({ length: projects }, (_, i) => 1 / (i + 1));
  const sum = shares.reduce((all, one) => all + one, 0);
  return shares.map((one) => one / sum);
}

/** Times of events that come by chance at a rate, as milliseconds from 0 to before `lengthMs`, in order. */
export function arrivals(ratePerMs: number, lengthMs: number, random: () => number): number[] {
  const times: number[] = [];
  for (let at = gap(ratePerMs, random); at < lengthMs; at += gap(ratePerMs, random)) times.push(at);
  return times;
}

function gap(ratePerMs: number, random: () => number): number {
  return -Math.log(1 - random()) / ratePerMs;
}
