import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import protobuf from "protobufjs";

/** A span as it was received. Ids are in hex. */
export type ReceivedSpan = {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** "" for a root. */
  readonly parentSpanId: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
};

/** What takes spans by OTLP, as a collector does. */
export type OtlpReceiver = {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All that was received, in the order of arrival. */
  readonly spans: readonly ReceivedSpan[];
  readonly close: () => void;
};

const root = protobuf.loadSync(join(import.meta.dirname, "otlp-trace.proto"));
const request = root.lookupType("otlp.ExportTraceServiceRequest");
const GRPC_HEAD_BYTES = 5;

/** Starts a receiver that speaks OTLP by HTTP with protobuf, or by gRPC. */
export async function startOtlpReceiver(protocol: "http/protobuf" | "grpc"): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = protocol === "grpc" ? grpcServer(spans) : httpServer(spans);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, close: () => void server.close() };
}

function httpServer(spans: ReceivedSpan[]): Server {
  return createServer(async (message, response) => {
    const body = await buffer(message);
    if (message.url === "/v1/traces") spans.push(...decoded(body));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
}

function grpcServer(spans: ReceivedSpan[]): Server {
  const server = createHttp2Server();
  server.on("stream", async (stream: ServerHttp2Stream, headers) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const body = await buffer(stream);
    if (headers[":path"]?.endsWith("TraceService/Export")) spans.push(...decoded(body.subarray(GRPC_HEAD_BYTES)));
    stream.end(Buffer.alloc(GRPC_HEAD_BYTES));
  });
  return server;
}

type Id = string;
type KeyValue = { readonly key: string; readonly value?: Readonly<Record<string, string | number | boolean>> };
type WireSpan = {
  readonly traceId: Id;
  readonly spanId: Id;
  readonly parentSpanId?: Id;
  readonly name: string;
  readonly kind: number;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly { readonly traceId: Id; readonly spanId: Id }[];
};
type WireRequest = {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly WireSpan[] }[];
  }[];
};

function decoded(body: Uint8Array): ReceivedSpan[] {
  // The shape is that of otlp-trace.proto, by what the options make of its fields.
  const message = request.toObject(request.decode(body), { bytes: String, longs: Number }) as WireRequest;
  return (message.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(valuesOf(resource?.attributes)["service.name"]);
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => spanOf(service, span)));
  });
}

function spanOf(service: string, span: WireSpan): ReceivedSpan {
  return {
    service,
    name: span.name,
    kind: span.kind,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId ?? ""),
    links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) })),
    attributes: valuesOf(span.attributes),
  };
}

function valuesOf(attributes: readonly KeyValue[] = []) {
  return Object.fromEntries(attributes.map(({ key, value = {} }) => [key, Object.values(value)[0] ?? ""]));
}

function hex(base64: string): string {
  return Buffer.from(base64, "base64").toString("hex");
}
