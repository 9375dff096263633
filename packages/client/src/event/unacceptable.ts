import { Failure, type Reason } from "@millrace/failure";

/** An event that the server would reject; it is not sent. */
export class Unacceptable extends Failure {
  readonly field: string;

  constructor(reason: Reason, field: string, description: string) {
    super("invalid", reason, description);
    this.field = field;
  }
}
