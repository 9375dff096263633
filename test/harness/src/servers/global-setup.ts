import { KEEPER_VARIABLE, startKeeper } from "./keeper-client.ts";

/** Gives a run of vitest its keeper of servers. Each project of the run calls this; the first starts it, and stops it. */
export function setup(): (() => Promise<void>) | undefined {
  if (process.env[KEEPER_VARIABLE] !== undefined) return undefined;
  const keeper = startKeeper();
  process.env[KEEPER_VARIABLE] = keeper.socketPath;
  return async () => {
    delete process.env[KEEPER_VARIABLE];
    await keeper.stop();
  };
}
