import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { devServer } from "./dev-server.ts";
import { preloadPage } from "./preload-page.ts";

/** The page becomes index.html, and files under /assets whose names hold a hash. `build.ts` says where they lie. */
export default defineConfig({
  plugins: [react(), devServer(), preloadPage()],
  build: {
    target: "es2022",
    // Assets inside of the page would be `data:` addresses, which its Content-Security-Policy does not allow.
    assetsInlineLimit: 0,
    // One sheet, which the page itself asks for: none is waited for later.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      // A directive for servers that render; here everything runs in the browser.
      checks: { moduleLevelDirective: false },
    },
  },
});
