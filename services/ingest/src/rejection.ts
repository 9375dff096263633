import type { Reason } from "@millrace/failure";

/** Why an event is not acceptable. */
export type Rejection = {
  readonly reason: Reason;
  /** The field at fault, such as `properties.price`; "" for the whole event. */
  readonly field: string;
  /** For people: the value's problem and the limit. */
  readonly message: string;
};
