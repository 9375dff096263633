/** A process that hands events to one contender and measures itself; told and telling by messages. */
import { type ContenderName, openContender, orderOf, type Receiver, untilRoom } from "./contenders.ts";
import { quantile } from "./median.ts";

/** What a process is to do. */
export type LoadOptions = { readonly name: ContenderName; readonly receiver: Receiver; readonly events: number };

/** What it took. */
export type Load = {
  /** Of a call, over batches of 100 calls: the middle one, and the one that 1 in 100 is above. */
  readonly callMicros: number;
  readonly callMicrosP99: number;
  /** The same in the processor time of the calling thread: without the times at which others had the core. */
  readonly callCpuMicrosP99: number;
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
  const micros: number[] = [];
  const cpuMicros: number[] = [];
  for (let batch = 0; batch * CALLS < events; batch++) {
    const threadBefore = process.threadCpuUsage();
    const before = performance.now();
    for (let call = 0; call < CALLS; call++) contender.take(orderOf(batch * CALLS + call));
    const after = performance.now();
    const thread = process.threadCpuUsage(threadBefore);
    if (batch >= WARM_UP_BATCHES) {
      micros.push(((after - before) * 1_000) / CALLS);
      cpuMicros.push((thread.user + thread.system) / CALLS);
    }
    if (batch % RSS_EVERY_BATCHES === 0) peak = Math.max(peak, process.memoryUsage.rss());
    await untilRoom(contender);
  }
  await contender.finish();
  const { user, system } = process.cpuUsage(cpu);
  return {
    callMicros: quantile(micros, 0.5),
    callMicrosP99: quantile(micros, 0.99),
    callCpuMicrosP99: quantile(cpuMicros, 0.99),
    cpuSecondsPerMillion: (user + system) / events,
    memoryBytes: Math.max(peak, process.memoryUsage.rss()) - rss,
    seconds: (performance.now() - began) / 1_000,
  };
}
