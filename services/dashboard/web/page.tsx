import { TransportProvider } from "@connectrpc/connect-query";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { takeEarly } from "./project/early.ts";
import { prefetchWorkspace } from "./project/prefetch.ts";
import { problemOf } from "./rpc/problem.ts";
import { transport } from "./rpc/transport.ts";
import { currentSession, endSession } from "./session/session.ts";

const client = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (problemOf(error).kind === "session") endSession();
    },
  }),
  defaultOptions: {
    queries: {
      // What is new is told by the watch; time alone makes nothing old.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => problemOf(error).kind === "away" && failures < 30,
      retryDelay: (failures) => Math.min(5_000, 300 * 2 ** failures),
    },
  },
});

const early = takeEarly();
// Else the workspace asks as soon as somebody is signed in.
if (currentSession().state === "in") void prefetchWorkspace(client, early);
createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <TransportProvider transport={transport}>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </TransportProvider>
  </StrictMode>,
);
