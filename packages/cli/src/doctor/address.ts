import { lookup } from "node:dns/promises";
import * as http from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import { connect } from "node:net";
import { type Check, ok, problem, warning } from "./check.ts";

/** What was found out about an address. */
export type Answering = {
  readonly checks: readonly Check[];
  /** Who takes connections there. */
  readonly listener: "nobody" | "millrace" | "another" | "unknown";
  /** When the server says it is, with this computer's time around the call; undefined where it does not say. */
  readonly date: ServerDate | undefined;
};

/** What a server's clock showed: to the second. */
export type ServerDate = { readonly serverMs: number; readonly beforeMs: number; readonly afterMs: number };

type HttpAnswer = { readonly status: number; readonly body: string; readonly date: ServerDate | undefined };

const PATIENCE_MS = 3_000;
const BODY_MAX = 10_000;
const HEALTH_PATH = "/grpc.health.v1.Health/Check";

/** Looks, step by step, whether Millrace can be reached: name, connection, HTTP/1.1, HTTP/2. */
export async function checkAddress(url: string, from: string): Promise<Answering> {
  const { hostname, port, protocol } = new URL(url);
  const isSecure = protocol === "https:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const portNumber = Number(port) || (isSecure ? 443 : 80);
  const silent = { listener: "nobody" as const, date: undefined };
  const said = `${url} (from ${from})`;
  try {
    await lookup(host);
  } catch (error) {
    const advice = "Check the name's spelling, and this computer's network and DNS.";
    return {
      ...silent,
      checks: [problem("address", `${said}: the name ${host} is not known (${codeOf(error)})`, advice)],
    };
  }
  const refused = await connectionProblem(host, portNumber);
  if (refused !== undefined) {
    const text = `${said}: ${refused}`;
    return {
      ...silent,
      checks: [problem("address", text, "Is it running? npm start starts one; --url says where it is.")],
    };
  }
  let first: HttpAnswer;
  try {
    first = await overHttp1(url, isSecure);
  } catch (error) {
    return {
      listener: "unknown",
      date: undefined,
      checks: [problem("address", `${said}: ${httpText(error, isSecure)}`, httpAdvice(error, isSecure))],
    };
  }
  const { date } = first;
  if (!/"status"\s*:/.test(first.body)) {
    const isAdmin = first.body.includes("/readyz");
    const who = isAdmin
      ? "this is Millrace's admin port, for probes"
      : `something else answers there (HTTP ${first.status})`;
    const advice = "Is this Millrace's public port? --url says where it is.";
    return { listener: isAdmin ? "unknown" : "another", date, checks: [problem("address", `${said}: ${who}`, advice)] };
  }
  const checks = [ok("address", said)];
  if (!/SERVING/.test(first.body) || /NOT_SERVING/.test(first.body)) {
    checks.push(
      warning("server", "it says that it is not ready", "It is starting or stopping: try again in some seconds."),
    );
  }
  checks.push(await checkHttp2(url, isSecure));
  return { listener: "millrace", date, checks };
}

async function checkHttp2(url: string, isSecure: boolean): Promise<Check> {
  const kind = isSecure ? "HTTP/2 over TLS" : "HTTP/2 without TLS (h2c)";
  try {
    await overHttp2(url);
    return ok("protocols", `HTTP/1.1 and ${kind}`);
  } catch (error) {
    const text = `HTTP/1.1 works, ${kind} does not (${codeOf(error)})`;
    return problem(
      "protocols",
      text,
      "A proxy between may speak HTTP/1.1 only: let it pass HTTP/2 through, gRPC and this tool need it.",
    );
  }
}

function connectionProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    function end(text: string | undefined): void {
      socket.destroy();
      resolve(text);
    }
    socket.once("connect", () => end(undefined));
    socket.once("timeout", () => end(`no answer from port ${port} within ${PATIENCE_MS / 1_000} s`));
    socket.once("error", (error) => {
      const code = codeOf(error);
      end(code === "ECONNREFUSED" ? `nothing listens at port ${port}` : `port ${port} can not be reached (${code})`);
    });
  });
}

function overHttp1(url: string, isSecure: boolean): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const beforeMs = Date.now();
    const options = { method: "POST", headers: { "content-type": "application/json" }, agent: false as const };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const request = (isSecure ? https : http).request(`${url}${HEALTH_PATH}`, { ...options, signal }, (response) => {
      const serverMs = Date.parse(response.headers.date ?? "");
      const date = Number.isNaN(serverMs) ? undefined : { serverMs, beforeMs, afterMs: Date.now() };
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (body.length < BODY_MAX) body += chunk;
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body, date }));
      response.once("error", reject);
    });
    request.once("error", reject);
    request.end("{}");
  });
}

function overHttp2(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(url);
    const timer = setTimeout(() => end(new Error("no answer")), PATIENCE_MS);
    function end(error?: Error): void {
      clearTimeout(timer);
      session.destroy();
      if (error === undefined) resolve();
      else reject(error);
    }
    session.once("error", end);
    const request = session.request({ ":method": "POST", ":path": HEALTH_PATH, "content-type": "application/json" });
    request.once("response", (headers) =>
      end(headers[":status"] === 200 ? undefined : new Error(`HTTP ${headers[":status"]}`)),
    );
    request.once("error", end);
    request.end("{}");
  });
}

function httpText(error: unknown, isSecure: boolean): string {
  const code = codeOf(error);
  if (isSecure && /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code)) return `its certificate is not good (${code})`;
  if (isSecure && /EPROTO|SSL/.test(code)) return `it does not speak TLS (${code})`;
  return `it takes connections, but does not answer HTTP (${code})`;
}

function httpAdvice(error: unknown, isSecure: boolean): string {
  const code = codeOf(error);
  if (isSecure && /CERT_HAS_EXPIRED/.test(code))
    return "Renew the server's certificate; or this computer's clock is wrong.";
  if (isSecure && /CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code)) {
    return "Use the name that the certificate is for. For an authority of your own: NODE_EXTRA_CA_CERTS=ca.pem.";
  }
  if (isSecure) return "Try http:// in place of https://.";
  return "Is this Millrace's public port? Does it want https://? --url says where it is.";
}

function codeOf(error: unknown): string {
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === "AbortError" || name === "TimeoutError") return "no answer";
  return code ?? message;
}
