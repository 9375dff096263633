import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";

/** Services that the page calls. */
const PROXIED = "^/(millrace\\.[a-z]+\\.v1\\.|v1/|millrace\\.js)";

/**
 * What `npm run dev` adds to Vite: calls go to the server that MILLRACE_URL names (http://127.0.0.1:8080 without it),
 * with the administrator's key from MILLRACE_DATA_DIR (.millrace without it), and `/session` says that one is signed in.
 */
export function devServer(): Plugin {
  return {
    name: "millrace-dev-server",
    apply: "serve",
    config() {
      const target = process.env["MILLRACE_URL"] ?? "http://127.0.0.1:8080";
      const headers = { "x-api-key": adminKey(process.env["MILLRACE_DATA_DIR"] ?? ".millrace") };
      return { server: { host: "127.0.0.1", proxy: { [PROXIED]: { target, headers, changeOrigin: true } } } };
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url !== "/session") return next();
        if (request.method !== "GET") {
          response.writeHead(204).end();
          return;
        }
        const expireTime = new Date(Date.now() + 86_400_000).toISOString();
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ expireTime }));
      });
    },
  };
}

function adminKey(directory: string): string {
  const path = resolve(directory, "credentials.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { adminKey: string }).adminKey;
}
