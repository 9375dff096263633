import type { Plugin } from "vite";

const PAGE = "page.tsx";

/** Lets browsers load what the first script imports together with it, rather than after it. */
export function preloadPage(): Plugin {
  return {
    name: "millrace-preload-page",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle = {} }) {
        const files = Object.values(bundle).flatMap((file) =>
          file.type === "chunk" && file.facadeModuleId?.endsWith(`/${PAGE}`) ? [file.fileName] : [],
        );
        if (files.length !== 1) throw new Error(`${PAGE} must be one chunk, and is ${files.length}`);
        return files.map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` },
          injectTo: "head" as const,
        }));
      },
    },
  };
}
