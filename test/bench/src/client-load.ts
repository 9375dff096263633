/** A process that hands events to one contender and measures itself; told and telling by messages. */
import { type Contender, type ContenderName, openContender, orderOf, type Receiver, untilRoom } from "./contenders.ts";
import { quantile } from "./median.ts";

/** What a process is to do. */
export type LoadOptions = { readonly name: ContenderName; readonly receiver: Receiver; readonly events: number };

/** What it took. */
export type Load = {
  /** Of a call: the middle one of the means of 100 calls in a row, and the one that 1 in 100 of these is above. */
  readonly callMicros: number;
  readonly batchMicrosP99: number;
  /** What 1 in 100 single calls is above, the clock's own time included. */
  readonly callMicrosP99: number;
  /** Of the whole process until everything was delivered, garbage collection and helper threads included. */
  readonly cpuSecondsPerMillion: number;
  /** The most memory (resident set) above what the process had when the contender was ready. */
  readonly memoryBytes: number;
  readonly seconds: number;
};

const CALLS = 100;
/** So many batches of calls are not in the times of a call: what they run is not compiled yet. */
const WARM_UP_BATCHES = 200;
const RSS_EVERY_BATCHES = 5;
/** In these, each call is timed by itself. */
const SINGLE_EVERY_BATCHES = 4;

process.on("message", (options: LoadOptions) => {
  load(options).then(
    (done) => process.send!(done, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
// Whoever started it is gone.
process.once("disconnect", () => process.exit(1));

async function load({ name, receiver, events }: LoadOptions): Promise<Load> {
  const contender = await openContender(name, receiver, events);
  globalThis.gc?.();
  const rss = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const began = performance.now();
  let peak = rss;
  const batches: number[] = [];
  const calls: number[] = [];
  for (let batch = 0; batch * CALLS < events; batch++) {
    const first = batch * CALLS;
    if (batch < WARM_UP_BATCHES) takeAll(contender, first);
    else if (batch % SINGLE_EVERY_BATCHES === 0) takeEach(contender, first, calls);
    else batches.push(takeAll(contender, first) / CALLS);
    if (batch % RSS_EVERY_BATCHES === 0) peak = Math.max(peak, process.memoryUsage.rss());
    await untilRoom(contender);
  }
  await contender.finish();
  const { user, system } = process.cpuUsage(cpu);
  return {
    callMicros: quantile(batches, 0.5),
    batchMicrosP99: quantile(batches, 0.99),
    callMicrosP99: quantile(calls, 0.99),
    cpuSecondsPerMillion: (user + system) / events,
    memoryBytes: Math.max(peak, process.memoryUsage.rss()) - rss,
    seconds: (performance.now() - began) / 1_000,
  };
}

/** Hands over a batch of events; gives the microseconds of all. */
function takeAll(contender: Contender, first: number): number {
  const before = performance.now();
  for (let call = 0; call < CALLS; call++) contender.take(orderOf(first + call));
  return (performance.now() - before) * 1_000;
}

/** Hands over a batch of events; adds the microseconds of each. */
function takeEach(contender: Contender, first: number, calls: number[]): void {
  for (let call = 0; call < CALLS; call++) {
    const before = performance.now();
    contender.take(orderOf(first + call));
    calls.push((performance.now() - before) * 1_000);
  }
}
