import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/controls.css";
import "./live/live.css";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { prefetchWorkspace } from "./project/prefetch.ts";
import { problemOf } from "./rpc/problem.ts";
import { transport } from "./rpc/transport.ts";
import { beginSession, endSession } from "./session/session.ts";

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

if (!location.hash.includes("token=")) prefetchWorkspace(client);
void beginSession();
createRoot(document.getElementById("page")!).render(
  <StrictMode>
    <TransportProvider transport={transport}>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </TransportProvider>
  </StrictMode>,
);
