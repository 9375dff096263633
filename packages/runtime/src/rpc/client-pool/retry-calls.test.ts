import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues, type UnaryRequest, type UnaryResponse } from "@connectrpc/connect";
import { GetProjectRequestSchema, ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { describe, expect, it } from "vitest";
import { retryCalls } from "./retry-calls.ts";

const { getProject: READS, createProject: CREATES } = ProjectService.method;
const REFUSED = new ConnectError("http/2 stream closed with error code REFUSED_STREAM (0x7)", Code.Unavailable);
const AWAY = new ConnectError("away", Code.Unavailable);

function requestOf(
  method: typeof READS | typeof CREATES,
  header = new Headers(),
  signal = new AbortController().signal,
) {
  return {
    stream: false,
    service: ProjectService,
    method,
    header,
    signal,
    url: "",
    requestMethod: "POST",
    contextValues: createContextValues(),
    message: create(GetProjectRequestSchema),
  } as unknown as UnaryRequest;
}

/** Calls through `retryCalls`, with a server that fails in these ways before it answers. */
async function call(request: UnaryRequest, failures: readonly ConnectError[], options = {}) {
  let attempts = 0;
  const told: (string | null)[] = [];
  const next = async (attempt: UnaryRequest) => {
    told.push(attempt.header.get("grpc-timeout"));
    const failure = failures[attempts++];
    if (failure !== undefined) throw failure;
    return {} as UnaryResponse;
  };
  const outcome = await retryCalls({ random: () => 0, ...options })(next as never)(request).then(
    () => "answered",
    (error: ConnectError) => error,
  );
  return { attempts, outcome, told };
}

describe("a call that is answered unavailable", () => {
  it("is made again where that is safe", async () => {
    expect(await call(requestOf(READS), [AWAY, AWAY])).toMatchObject({ attempts: 3, outcome: "answered" });
  });

  it("is made four times at most", async () => {
    expect(await call(requestOf(READS), Array(9).fill(AWAY))).toMatchObject({ attempts: 4, outcome: AWAY });
  });

  it("is left to its caller where it may have changed something", async () => {
    expect(await call(requestOf(CREATES), [AWAY])).toMatchObject({ attempts: 1, outcome: AWAY });
  });

  it("is made again where nobody saw it", async () => {
    expect(await call(requestOf(CREATES), [REFUSED])).toMatchObject({ attempts: 2, outcome: "answered" });
  });
});

describe("a call that failed in another way", () => {
  it("is not made again", async () => {
    for (const code of [Code.NotFound, Code.Internal, Code.DeadlineExceeded, Code.ResourceExhausted]) {
      const failure = new ConnectError("no", code);
      expect(await call(requestOf(READS), [failure])).toMatchObject({ attempts: 1, outcome: failure });
    }
  });
});

describe("the deadline", () => {
  it("is told to each attempt as the time that is left", async () => {
    const clock = { ms: 0 };
    const now = () => {
      const { ms } = clock;
      clock.ms += 400;
      return ms;
    };
    const request = requestOf(READS, new Headers({ "grpc-timeout": "2000m" }));
    const { told, outcome } = await call(request, [AWAY, AWAY], { now });
    expect([told, outcome]).toEqual([["2000m", "1600m", "1200m"], "answered"]);
  });

  it("ends the attempts", async () => {
    const clock = { ms: 0 };
    const now = () => {
      const { ms } = clock;
      clock.ms += 1_500;
      return ms;
    };
    const request = requestOf(READS, new Headers({ "grpc-timeout": "2S" }));
    expect(await call(request, Array(9).fill(AWAY), { now })).toMatchObject({ attempts: 2, outcome: AWAY });
  });

  it("is not outlived by a caller who gave up", async () => {
    const request = requestOf(READS, new Headers(), AbortSignal.abort());
    expect(await call(request, [AWAY])).toMatchObject({ attempts: 1, outcome: AWAY });
  });
});
