import { Failure } from "@millrace/failure";

/** What of kafkajs's errors is looked at; their classes overlap, their fields don't. */
type KafkaError = Error & { readonly type?: unknown; readonly code?: unknown; readonly retriable?: unknown };

/** The error behind the layers that kafkajs puts around one when it gives up. */
export function rootOf(error: unknown): KafkaError {
  let root = error instanceof Error ? (error as KafkaError) : (new Error(String(error)) as KafkaError);
  for (let depth = 0; depth < 5 && root.type === undefined && root.cause instanceof Error; depth++) {
    root = root.cause as KafkaError;
  }
  return root;
}

/** The name of Kafka's error code, such as NOT_ENOUGH_REPLICAS; undefined where no broker answered. */
export function protocolErrorOf(error: unknown): string | undefined {
  const { type } = rootOf(error);
  return typeof type === "string" ? type : undefined;
}

/**
 * What a failed call to Kafka means for the caller.
 *
 * @param doing what was tried, such as "reading offsets"
 */
export function kafkaFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error;
  const advice = adviceFor(error);
  if (advice !== undefined)
    return new Failure("precondition", "BACKEND_UNAVAILABLE", `Kafka, ${doing}: ${advice}`, { cause: error });
  return new Failure("unavailable", "BACKEND_UNAVAILABLE", `Kafka could not be reached, ${doing}.`, { cause: error });
}

/** What to do about an error that doesn't pass by itself; undefined for one that may. */
export function adviceFor(error: unknown): string | undefined {
  const root = rootOf(error);
  if (root.name === "KafkaJSSASLAuthenticationError") return "the brokers refuse the user name or the password.";
  const type = protocolErrorOf(error) ?? "";
  if (type === "SASL_AUTHENTICATION_FAILED") return "the brokers refuse the user name or the password.";
  if (type === "UNSUPPORTED_SASL_MECHANISM") return "the brokers don't offer this SASL mechanism.";
  if (type.endsWith("_AUTHORIZATION_FAILED")) return `the user lacks a permission (${type}); grant it in the ACLs.`;
  return undefined;
}
