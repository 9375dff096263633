import { create, toBinary } from "@bufbuild/protobuf";
import { type Definitions, DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import type { Outcome } from "../definitions/accounting.ts";
import type { FamilyPlan } from "../definitions/family-plan.ts";
import type { Delta, DeltaPart } from "./delta.ts";
import type { DerivedFields } from "./field.ts";
import type { FoldEvent } from "./fold-event.ts";
import { FoldProgram } from "./fold-program.ts";

/** What becomes of an event that is not folded. */
export type UnfoldedOutcome = Exclude<Outcome, "folded" | "bot">;

/** How the events of one revision of a project's definitions are counted. Pure (P3): no clock, no I/O, no randomness. */
export interface Plan {
  readonly projectId: string;
  readonly revision: number;
  /** The families that events are folded into: the current ones. */
  readonly families: readonly FamilyPlan[];
  /**
   * An empty delta, for one section of a record.
   *
   * @param receivedAtMs when ingest received the section, in epoch milliseconds
   */
  newDelta(receivedAtMs: number): Delta;
  /**
   * Adds an event to a delta, and accounts it as "folded", or "bot" where it is marked so. Nothing of `event` is kept.
   */
  fold(delta: Delta, event: FoldEvent): void;
  /** Accounts an event that is not folded. */
  account(delta: Delta, outcome: UnfoldedOutcome): void;
  /**
   * The blocks that a delta adds to, at every granularity that is kept, each once. Each part goes to
   * {@link applyDelta} with the parts that other sections of the same record have for the same block.
   */
  parts(delta: Delta): readonly DeltaPart[];
}

/**
 * Makes the plan of a revision.
 *
 * @param definitions what config has checked
 * @param derived the fields that enrichment of the definitions' processing version gives
 * @throws Failure `corrupt` when the definitions contradict themselves
 */
export function compile(definitions: Definitions, derived: DerivedFields): Plan {
  return planOf(definitions, new FoldProgram(definitions, derived));
}

/**
 * A `compile` that shares what it makes between definitions that count alike, whatever project they are of: a hundred
 * thousand projects on one template hold one program.
 *
 * @param derived the fields that enrichment gives
 * @param programsMax how many programs are remembered, at most; the least recently used goes first
 */
export function createCompiler(derived: DerivedFields, programsMax = 1_000): (definitions: Definitions) => Plan {
  const programs = new Map<string, FoldProgram>();
  return (definitions) => {
    const key = contentOf(definitions);
    const program = programs.get(key) ?? new FoldProgram(definitions, derived);
    programs.delete(key);
    programs.set(key, program);
    if (programs.size > programsMax) programs.delete(programs.keys().next().value!);
    return planOf(definitions, program);
  };
}

/** What a program depends on, and nothing else. */
function contentOf(definitions: Definitions): string {
  const { dayOffsetsMinutes, retention, metrics, rollups, families } = definitions;
  const content = create(DefinitionsSchema, {
    dayOffsetsMinutes,
    ...(retention && { retention }),
    metrics: metrics.map(({ name, aggregation, property, filter, unit, number }) => {
      return { name, aggregation, property, ...(filter && { filter }), unit, number };
    }),
    rollups: rollups.map((rollup) => {
      const { name, metrics, dimensions, slots, maxTuples, number } = rollup;
      return { name, metrics, dimensions, slots, maxTuples, number };
    }),
    families,
  });
  return Buffer.from(toBinary(DefinitionsSchema, content)).toString("latin1");
}

function planOf(definitions: Definitions, program: FoldProgram): Plan {
  return new ProjectPlan(definitions.projectId, Number(definitions.revision), program);
}

class ProjectPlan implements Plan {
  readonly projectId: string;
  readonly revision: number;
  readonly #program: FoldProgram;

  constructor(projectId: string, revision: number, program: FoldProgram) {
    this.projectId = projectId;
    this.revision = revision;
    this.#program = program;
  }

  get families(): readonly FamilyPlan[] {
    return this.#program.families;
  }

  newDelta(receivedAtMs: number): Delta {
    return this.#program.newDelta(receivedAtMs);
  }

  fold(delta: Delta, event: FoldEvent): void {
    this.#program.fold(delta, event);
  }

  account(delta: Delta, outcome: UnfoldedOutcome): void {
    this.#program.account(delta, outcome);
  }

  parts(delta: Delta): readonly DeltaPart[] {
    return this.#program.parts(delta);
  }
}
