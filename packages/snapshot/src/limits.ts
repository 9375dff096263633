/** What bounds a snapshot's memory, and how old what it holds may be. */
export type SnapshotLimits = {
  /** How many projects' newest definitions are kept. */
  readonly projectsMax: number;
  /** How many past revisions are kept beside them. */
  readonly revisionsMax: number;
  /** How many bytes the definitions of either kind may take, measured as encoded. */
  readonly definitionsBytesMax: number;
  /** How many API keys are kept. */
  readonly credentialsMax: number;
  /** How many absent projects, and how many absent keys, are remembered as such. */
  readonly absentMax: number;
  /** How many reads may be under way at once; those beyond it fail with `exhausted`. */
  readonly loadsMax: number;
  /** After how long a key is read again, in the background, even though no change was told. */
  readonly credentialRefreshMs: number;
  /** After how long definitions are read again, in the background, even though no change was told. */
  readonly definitionsRefreshMs: number;
  /** How long something absent is believed to be absent. */
  readonly absentMs: number;
  /** After how long a read that has not answered counts as failed. */
  readonly readTimeoutMs: number;
  /** After a failed read, how long what is there is served without trying again. */
  readonly failedReadPauseMs: number;
  /** How long whoever asks for something that has changed waits for it to be read, until what was known is served. */
  readonly staleWaitMs: number;
  /** The longest pause between attempts to reach config. Pauses are random, from nothing up to a doubling bound. */
  readonly backoffMsMax: number;
};

/** The limits of a service of ordinary size. */
export const DEFAULT_LIMITS: SnapshotLimits = {
  projectsMax: 200_000,
  revisionsMax: 20_000,
  definitionsBytesMax: 256 * 1024 * 1024,
  credentialsMax: 200_000,
  absentMax: 10_000,
  loadsMax: 1_024,
  credentialRefreshMs: 30_000,
  definitionsRefreshMs: 600_000,
  absentMs: 5_000,
  readTimeoutMs: 5_000,
  failedReadPauseMs: 1_000,
  staleWaitMs: 500,
  backoffMsMax: 5_000,
};
