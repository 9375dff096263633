import { Failure } from "@millrace/failure";
import type { Actor, World } from "./world.ts";

/** How often calls fail in a history; all 0 once it calms down. */
export type Faults = {
  /** A call that is refused: nothing of it happened. */
  refused: number;
  /** A call without an answer in time: any part of it happened, or will. */
  unanswered: number;
};

/** The simulated backends' way to fail. */
export class FaultySide {
  readonly world: World;
  readonly faults: Faults;

  constructor(world: World, faults: Faults) {
    this.world = world;
    this.faults = faults;
  }

  /** What becomes of a call. */
  fate(): "refused" | "unanswered" | "answered" {
    const fate = this.world.random();
    if (fate < this.faults.refused) return "refused";
    return fate < this.faults.refused + this.faults.unanswered ? "unanswered" : "answered";
  }

  /** Fails a call after a while. */
  async fail(fate: "refused" | "unanswered", actor: Actor, name: string): Promise<never> {
    await this.world.pause(this.world.latencyMs(), actor, `${name} ${fate}`);
    if (fate === "refused") throw new Failure("unavailable", "BACKEND_UNAVAILABLE", `${name} is away`);
    throw new Failure("unknownOutcome", "BACKEND_TIMEOUT", `${name} did not answer`);
  }
}
