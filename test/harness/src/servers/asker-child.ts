/** Stands for a test run: asks for the Redis of the run, tells its URL, and stays. */
import { redisServer } from "./index.ts";

const { url } = await redisServer();
process.stdout.write(`${url}\n`);
setInterval(() => {}, 1_000_000);
