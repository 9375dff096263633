import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type {
  GetStatusResponse,
  StatusService,
  UnansweredProcessorSchema,
} from "@millrace/api/millrace/processing/v1/status_service_pb";
import { Failure } from "@millrace/failure";

/** Another processor that can be asked how far it is. */
export type StatusPeer = {
  /** What to call it when it does not answer, such as "10.0.3.17:8080". */
  readonly address: string;
  readonly client: Pick<Client<typeof StatusService>, "getStatus">;
};

/** What the others said. */
export type PeerAnswers = {
  readonly answers: readonly GetStatusResponse[];
  readonly unanswered: readonly MessageInitShape<typeof UnansweredProcessorSchema>[];
};

/** A processor that takes longer counts as one that does not answer: status is for looking at what is wrong. */
const PATIENCE_MS = 2_000;

/** More peers than this are not asked; they are named. */
const PEERS_MAX = 1_024;

/**
 * Asks the other processors what they alone know. Whoever does not answer in two seconds is named, with why; a list of
 * peers that can't be had counts as one processor that did not answer.
 */
export async function askPeers(
  peers: () => Promise<readonly StatusPeer[]>,
  projectId: string,
  signal: AbortSignal,
): Promise<PeerAnswers> {
  let all: readonly StatusPeer[];
  try {
    all = await peers();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { answers: [], unanswered: [{ address: "", problem: `who they are is not known: ${problemOf(error)}` }] };
  }
  const answers: GetStatusResponse[] = [];
  const unanswered: PeerAnswers["unanswered"][number][] = all
    .slice(PEERS_MAX)
    .map(({ address }) => ({ address, problem: `there are more than ${PEERS_MAX}` }));
  const asking = all.slice(0, PEERS_MAX).map(async ({ address, client }) => {
    try {
      answers.push(await client.getStatus({ projectId, localOnly: true }, { signal, timeoutMs: PATIENCE_MS }));
    } catch (error) {
      unanswered.push({ address, problem: problemOf(error) });
    }
  });
  await Promise.all(asking);
  if (signal.aborted) throw signal.reason;
  return { answers, unanswered };
}

function problemOf(error: unknown): string {
  if (error instanceof Failure) return error.message;
  return error instanceof Error ? error.message : String(error);
}
