import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { CreateLoginTokenResponseSchema, SessionService } from "@millrace/api/millrace/dashboard/v1/session_service_pb";
import { Failure } from "@millrace/failure";
import type { RecordStore } from "@millrace/record-store";
import type { Logger, Principal, RawHandler } from "@millrace/runtime";
import { PageBuild } from "./page/page-build.ts";
import { createServePage } from "./page/serve-page.ts";
import { LoginTokens } from "./session/login-tokens.ts";
import { createSessionHandler } from "./session/session-handler.ts";
import { Sessions } from "./session/sessions.ts";

/** What the dashboard is made of. */
export type DashboardOptions = {
  readonly records: RecordStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
  readonly version: string;
};

/** The server of the page. */
export type DashboardApp = {
  /** Registers SessionService. */
  readonly routes: (router: ConnectRouter) => void;
  /** The handler of a path of the page, `/session` included; undefined for any other path. */
  readonly findHandler: (path: string) => RawHandler | undefined;
  /** Who holds a session, given its text. Fails with `unauthenticated` (SESSION_INVALID). */
  readonly authenticate: (sessionText: string) => Promise<Principal>;
  /**
   * The path of a link that opens the page, once, within 15 minutes: to be put behind the server's address. Undefined
   * when too many such links wait to be used.
   */
  readonly createLoginPath: () => Promise<string | undefined>;
  /** Begins to build the page, unless it is built, and removes expired sessions. */
  readonly start: () => Promise<void>;
};

/** Whom every session is for, until there are users. */
const ADMINISTRATOR = "administrator";
const SCOPES: ReadonlySet<Scope> = new Set([Scope.ADMIN, Scope.REPORT]);

/** Makes the server of the page, to be put behind a server's port. */
export function createDashboardApp({ records, now, log, version }: DashboardOptions): DashboardApp {
  const deps = { records, now, random: randomBytes };
  const tokens = new LoginTokens(deps);
  const sessions = new Sessions(deps);
  const page = new PageBuild(log);
  const servePage = createServePage(() => page.state);
  const handleSession = createSessionHandler({ tokens, sessions, now, version });
  return {
    routes(router) {
      router.service(SessionService, {
        async createLoginToken() {
          const { text: token, expireTimeMs } = await tokens.create(ADMINISTRATOR);
          const expireTime = timestampFromMs(expireTimeMs);
          return create(CreateLoginTokenResponseSchema, { token, path: loginPath(token), expireTime });
        },
      });
    },
    findHandler: (path) => (path === "/session" ? handleSession : servePage(path)),
    async authenticate(sessionText) {
      const { sessionId } = await sessions.find(sessionText);
      // Every session is an administrator's; users and what they may do follow from its subject.
      return { keyId: sessionId, projectId: undefined, scopes: SCOPES };
    },
    async createLoginPath() {
      try {
        return loginPath((await tokens.create(ADMINISTRATOR)).text);
      } catch (error) {
        if (error instanceof Failure && error.kind === "exhausted") return undefined;
        throw error;
      }
    },
    async start() {
      void page.run();
      await sessions.removeExpired();
    },
  };
}

function loginPath(token: string): string {
  return `/#token=${token}`;
}
