import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { DefinitionsSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { GetCredentialResponseSchema, SnapshotService } from "@millrace/api/millrace/config/v1/snapshot_service_pb";

type Change = { projectIds?: string[]; keyIds?: string[] };
type Key = {
  readonly secretHash: Uint8Array;
  readonly projectId: string;
  readonly allowedOrigins: string[];
  revokedMs?: number;
};
type Watcher = { push: (change: Change) => void; end: () => void };

/** A SnapshotService in memory whose state a test changes. */
export class FakeConfig {
  /** How often each thing was asked for, as `project@revision` or a key id. */
  readonly asked = new Map<string, number>();
  /** Whether calls fail and watches end. Set by {@link leave} and {@link comeBack}. */
  away = false;
  /** Whether reads fail although watches go on. */
  readsFail = false;
  /** The present, which the days of visitors' secrets are counted from. */
  nowMs = 1_000_000;
  /** When set, reads wait for it after they have looked at the state. */
  gate: Promise<void> | undefined;
  readonly #revisions = new Map<string, number>();
  readonly #keys = new Map<string, Key>();
  readonly #watchers = new Set<Watcher>();

  readonly transport = createRouterTransport(({ service }) => {
    service(SnapshotService, {
      getDefinitions: ({ projectId, revision }) =>
        this.#answer(`${projectId}@${revision}`, () => {
          const newest = this.#revisions.get(projectId);
          if (newest === undefined || revision > newest) throw new ConnectError("none", Code.NotFound);
          const at = revision === 0n ? BigInt(newest) : revision;
          const definitions = create(DefinitionsSchema, { projectId, revision: at, timeZone: "UTC" });
          return { definitions, servedGeneration: newest };
        }),
      getCredential: ({ keyId }) =>
        this.#answer(keyId, () => {
          const key = this.#keys.get(keyId);
          if (key === undefined) throw new ConnectError("none", Code.NotFound);
          const { secretHash, projectId, revokedMs, allowedOrigins } = key;
          const revokeTime = revokedMs === undefined ? undefined : timestampFromMs(revokedMs);
          return create(GetCredentialResponseSchema, {
            keyId,
            projectId,
            secretHash,
            scopes: [Scope.INGEST],
            revokeTime,
            allowedOrigins,
          });
        }),
      getVisitorSalts: () =>
        this.#answer("salts", () => {
          const salts = [0, 1].map((day) => {
            const date = new Date(this.nowMs + day * 86_400_000).toISOString().slice(0, 10);
            return { date, salt: new TextEncoder().encode(date.padStart(32, "-")) };
          });
          return { salts };
        }),
      watchChanges: (_request, context) => this.#watch(context.signal),
    });
  });

  /** How many watches are open. */
  get watches(): number {
    return this.#watchers.size;
  }

  /** How often something was asked for. */
  asks(what: string): number {
    return this.asked.get(what) ?? 0;
  }

  setRevision(projectId: string, revision: number, told = true): void {
    this.#revisions.set(projectId, revision);
    if (told) this.#tell({ projectIds: [projectId] });
  }

  removeProject(projectId: string): void {
    this.#revisions.delete(projectId);
    this.#tell({ projectIds: [projectId] });
  }

  setKey(keyId: string, secretHash: Uint8Array, projectId = "shop", allowedOrigins: string[] = []): void {
    this.#keys.set(keyId, { secretHash, projectId, allowedOrigins });
    this.#tell({ keyIds: [keyId] });
  }

  revoke(keyId: string, told = true): void {
    this.#keys.get(keyId)!.revokedMs = 1_000;
    if (told) this.#tell({ keyIds: [keyId] });
  }

  /** Makes all calls fail until {@link comeBack}. */
  leave(): void {
    this.away = true;
    for (const watcher of this.#watchers) watcher.end();
  }

  comeBack(): void {
    this.away = false;
  }

  #tell(change: Change): void {
    for (const watcher of this.#watchers) watcher.push(change);
  }

  async #answer<T>(what: string, look: () => T): Promise<T> {
    this.asked.set(what, this.asks(what) + 1);
    if (this.away || this.readsFail) throw new ConnectError("away", Code.Unavailable);
    const answer = look();
    await this.gate;
    return answer;
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<Change> {
    if (this.away) throw new ConnectError("away", Code.Unavailable);
    const waiting: Change[] = [{}];
    let wake = () => {};
    let ended = false;
    const watcher: Watcher = {
      push(change) {
        waiting.push(change);
        wake();
      },
      end() {
        ended = true;
        wake();
      },
    };
    this.#watchers.add(watcher);
    signal.addEventListener("abort", watcher.end);
    try {
      for (;;) {
        yield* waiting.splice(0);
        if (ended) break;
        if (waiting.length > 0) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#watchers.delete(watcher);
    }
    throw new ConnectError("going away", Code.Unavailable);
  }
}
