import { askKeeper } from "./keeper-client.ts";
import { KINDS, type KindName } from "./kinds.ts";
import { ask, type Probe } from "./probe.ts";

/** The addresses (host:port) of a kind of server: those that the environment gives, or those of the run's own server. */
export async function addressesOf(kind: KindName): Promise<string[]> {
  const { variable, probe } = KINDS[kind];
  const given = process.env[variable];
  return given ? await givenAddresses(variable, given, probe) : await askKeeper(kind);
}

/**
 * The addresses of `given`, separated by commas. At least one must answer.
 *
 * @throws Error that names the variable
 */
async function givenAddresses(variable: string, given: string, probe: Probe): Promise<string[]> {
  const addresses = given.split(",").map((address) => address.trim().replace(/^redis:\/\//, ""));
  try {
    await Promise.any(addresses.map((address) => ask(address, probe)));
  } catch (error) {
    const reasons = error instanceof AggregateError ? error.errors.map((reason) => String(reason)) : [String(error)];
    throw new Error(`${variable}=${given} cannot be used: ${reasons.join("; ")}`, { cause: error });
  }
  return addresses;
}
