import { useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { ConnectionBanner } from "./live/connection-banner.tsx";
import { Overview } from "./overview/overview.tsx";
import { PageSkeleton } from "./overview/overview-skeleton.tsx";
import { ProblemNote } from "./panel/problem-note.tsx";
import { WorkspaceProvider } from "./project/workspace.tsx";
import type { Problem } from "./rpc/problem.ts";
import { Login } from "./session/login.tsx";
import { beginSession } from "./session/session.ts";
import { useSession } from "./session/use-session.ts";
import { navigate, usePath } from "./url/address.ts";

const loadExplorer = async () => ({ default: (await import("./explorer/explorer.tsx")).Explorer });
const Explorer = lazy(loadExplorer);
if (location.pathname === "/explore") void loadExplorer();

/** The page: who one is, which project, which of its views. */
export function App(): ReactNode {
  const session = useSession();
  const client = useQueryClient();
  useEffect(() => {
    // Nothing of what one person saw is left for the next.
    if (session.state === "out") client.clear();
  }, [session, client]);
  if (session.state === "out") return <Login reason={session.reason} />;
  if (session.state === "away") {
    const problem: Problem = { kind: "away", title: "No answer from the server", detail: "Is it running?" };
    return <Failed problem={problem} onRetry={() => void beginSession()} />;
  }
  if (session.state === "asking") {
    return (
      <Frame>
        <PageSkeleton />
      </Frame>
    );
  }
  return (
    <Frame>
      <WorkspaceProvider
        loading={<PageSkeleton />}
        failed={(problem) => <Failed problem={problem} onRetry={() => retry(problem)} />}
        none={<NoProject />}
      >
        <View />
      </WorkspaceProvider>
      <ConnectionBanner />
    </Frame>
  );
}

function View(): ReactNode {
  const path = usePath();
  if (path !== "/explore") return <Overview />;
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Explorer />
    </Suspense>
  );
}

function Frame({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="page">{children}</div>;
}

function Failed({ problem, onRetry }: { readonly problem: Problem; readonly onRetry: () => void }): ReactNode {
  return (
    <main className="alone" id="content">
      <div className="card" role="alert">
        <ProblemNote problem={problem} />
        <button type="button" className="button" onClick={onRetry}>
          {problem.kind === "refused" ? "Show another project" : "Try again"}
        </button>
      </div>
    </main>
  );
}

/** What is refused stays so: only without what the address asks for there is something to see. */
function retry(problem: Problem): void {
  if (problem.kind === "refused") navigate({});
  else location.reload();
}

function NoProject(): ReactNode {
  return (
    <main className="alone" id="content">
      <div className="card">
        <h1 className="card-title">There is no project yet</h1>
        <p>Make one in a terminal, then load this page again:</p>
        <div className="code">
          <pre>npx millrace project create my-site --template web</pre>
        </div>
      </div>
    </main>
  );
}
