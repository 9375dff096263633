import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { StatusService } from "@millrace/api/millrace/processing/v1/status_service_pb";
import { environment } from "./checkout.ts";
import { runCli } from "./cli.ts";
import { isEverythingCounted } from "./counted.ts";
import { type Patience, until } from "./until.ts";

/** The keys that a data directory holds. */
export type Keys = {
  readonly url: string;
  readonly adminKey: string;
  readonly projectKeys: Readonly<Record<string, string>>;
  readonly importKeys?: Readonly<Record<string, string>>;
};

/** Which protocol a client speaks. */
export type Protocol = "grpc" | "connect";

/** A Millrace as its callers see it: an address, and a directory with the credentials of the command line. */
export abstract class Installation {
  readonly dataDirectory: string;

  constructor(dataDirectory: string) {
    this.dataDirectory = dataDirectory;
  }

  /** Where it is called, such as "http://127.0.0.1:40321". */
  abstract get url(): string;

  /** The keys, as they are in the data directory now. */
  get keys(): Keys {
    return JSON.parse(readFileSync(join(this.dataDirectory, "credentials.json"), "utf8"));
  }

  /** A client with a key; without one, the administrator's. Not to be kept over a restart. */
  client<Service extends DescService>(service: Service, key?: string, protocol: Protocol = "grpc"): Client<Service> {
    return clientAt(this.url, service, key ?? this.keys.adminKey, protocol);
  }

  /** Runs the command line against this server, in its data directory. */
  cli(...args: string[]) {
    // The settings of whoever runs the tests are not theirs.
    const env = environment({
      MILLRACE_DATA_DIR: this.dataDirectory,
      XDG_CONFIG_HOME: join(this.dataDirectory, "config"),
    });
    return runCli(args, { cwd: this.dataDirectory, env });
  }

  /** The balance sheet and the partitions of a project. */
  status(projectId: string) {
    return this.client(StatusService).getStatus({ projectId });
  }

  /**
   * Waits until a project's accounts hold at least `count` events and all of them are stored in every tier; gives the
   * balance sheet.
   */
  untilCounted(projectId: string, count: number, patience?: Patience) {
    let last: unknown;
    let asked: { readonly url: string; readonly client: Client<typeof StatusService> } | undefined;
    return until(
      `${count} events of ${projectId} are counted`,
      async () => {
        const { url } = this;
        // Forty connections a second would take longer than what they ask.
        if (asked?.url !== url) asked = { url, client: this.client(StatusService) };
        const status = await asked.client.getStatus({ projectId });
        last = status.balance;
        return isEverythingCounted(status, count) ? status.balance : undefined;
      },
      { withinMs: 60_000, ...patience },
    ).catch((error: Error) => {
      const seen = JSON.stringify(last, (_, value) => (typeof value === "bigint" ? String(value) : value));
      throw new Error(`${error.message}; at last: ${seen}`, { cause: error.cause });
    });
  }
}

/** A client of a service at an address, with a key. */
export function clientAt<Service extends DescService>(
  baseUrl: string,
  service: Service,
  key: string,
  protocol: Protocol = "grpc",
): Client<Service> {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const options = { baseUrl, interceptors: [authorize] };
  const transport =
    protocol === "grpc" ? createGrpcTransport(options) : createConnectTransport({ ...options, httpVersion: "2" });
  return createClient(service, transport);
}
