/** Stands for a test that is killed: starts a Redis of its own, tells its address, and stays. */
import { ownRedis } from "./index.ts";

const { addresses } = await ownRedis();
process.stdout.write(`${addresses}\n`);
setInterval(() => {}, 1_000_000);
