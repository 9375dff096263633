import { Failure } from "@millrace/failure";
import { grouped } from "../output/number-text.ts";
import type { ResumeState, SentSoFar } from "./resume-state.ts";
import { SettledPrefix } from "./settled-prefix.ts";
import type { Source } from "./source.ts";

const SAVE_EVERY_MS = 200;

/** Keeps, while a file is sent, how far that is, so that a run after a crash can go on there. */
export class Checkpoint {
  /** The number of the first record to send. */
  readonly resumeAt: number;
  readonly settled: SettledPrefix;
  readonly #state: ResumeState | undefined;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #source: Source | undefined;
  #saved = 0;
  #isBroken = false;

  /**
   * @param state undefined for what can not be sent again from a place
   * @param say tells people what there is to resume
   * @throws Failure `invalid` when that is to be resumed
   */
  constructor(
    state: ResumeState | undefined,
    {
      resume,
      say,
      now,
    }: { readonly resume: boolean; readonly say: (line: string) => void; readonly now: () => number },
  ) {
    if (resume && state === undefined) {
      throw new Failure(
        "invalid",
        "FIELD_INVALID",
        "--resume needs a file: standard input and pipes can't be read again",
      );
    }
    const earlier = state?.earlier;
    this.#state = state;
    this.#now = now;
    this.resumeAt = resume ? (earlier?.records ?? 0) : 0;
    this.settled = new SettledPrefix(this.resumeAt);
    if (earlier !== undefined) {
      if (resume) say(`Going on after ${extent(earlier)}, sent until ${momentText(earlier.atMs)}.`);
      else say(`Of this file ${extent(earlier)} were sent until ${momentText(earlier.atMs)}; --resume goes on there.`);
    } else if (resume) say("There is nothing to resume: the file is sent from its beginning.");
  }

  /** Whether there is a place to go on from. */
  get canResume(): boolean {
    return this.#state !== undefined && !this.#isBroken && Math.max(this.#saved, this.#state.earlier?.records ?? 0) > 0;
  }

  /** Saves now and then, until the end. */
  follow(source: Source): void {
    this.#source = source;
    if (this.#state === undefined) return;
    this.#timer = setInterval(() => this.#save(), SAVE_EVERY_MS);
    this.#timer.unref();
  }

  /** Saves for the last time, or forgets, when everything was sent. */
  end(isDone: boolean): void {
    clearInterval(this.#timer);
    if (isDone) this.#state?.remove();
    else this.#save();
  }

  #save(): void {
    const records = this.settled.position;
    if (this.#state === undefined || this.#isBroken || records === this.#saved || records === 0) return;
    const size = this.#source?.size;
    const part = size === undefined || size === 0 ? undefined : this.#source!.bytesRead() / size;
    try {
      this.#state.save({ records, part, atMs: this.#now() });
      this.#saved = records;
    } catch {
      // A disk that is full must not end the sending. Without a state the file is sent from its beginning.
      this.#isBroken = true;
    }
  }
}

function extent({ records, part }: SentSoFar): string {
  return `${grouped(records)} records${part === undefined ? "" : ` (${Math.floor(part * 100)} %)`}`;
}

function momentText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
