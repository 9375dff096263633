import { Failure } from "@millrace/failure";
import type { Logger } from "@millrace/runtime";
import { type BuiltPage, buildPage, type PageBuildOptions } from "../../build.ts";
import { readPageFiles } from "./page-files.ts";
import type { PageState } from "./serve-page.ts";

/** The page, which is built while the server serves already. */
export class PageBuild {
  readonly #log: Logger;
  readonly #build: (options: PageBuildOptions) => Promise<BuiltPage>;
  #state: PageState = { kind: "building" };

  constructor(log: Logger, build: (options: PageBuildOptions) => Promise<BuiltPage> = buildPage) {
    this.#log = log;
    this.#build = build;
  }

  get state(): PageState {
    return this.#state;
  }

  /** Builds the page where it must be, and reads it. Never fails: without its page, a server still counts and answers. */
  async run(): Promise<void> {
    try {
      const { directory, outcome } = await this.#build({ log: (line) => this.#log.info(line) });
      this.#state = { kind: "ready", files: await readPageFiles(directory) };
      if (outcome === "built") this.#log.info("the page is ready");
    } catch (error) {
      const message = error instanceof Failure ? error.message : "the page could not be read";
      const cause = error instanceof Failure ? error.cause : error;
      this.#log.warn({ cause: cause instanceof Error ? cause.message : cause }, message);
      this.#state = { kind: "missing", problem: `${message}.` };
    }
  }
}
