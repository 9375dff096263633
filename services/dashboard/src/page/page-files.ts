import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

/** A file of the page in each form in which it can be sent. */
export type PageFile = {
  readonly contentType: string;
  readonly cacheControl: string;
  /** Names the content; each encoding adds its own name to it. */
  readonly digest: string;
  /** By content encoding; "identity" is always there. */
  readonly bodies: ReadonlyMap<string, Buffer>;
};

/** The files of the page by their paths on the server, such as "/" and "/assets/index-B3x.js". */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** The paths at which the page itself is: what it shows at each is its own affair. */
export const PAGE_PATHS = ["/", "/explore"];

const INDEX = "/index.html";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
};
const ENCODINGS = { ".br": "br", ".gz": "gzip" } as const;
/** The bundler puts a digest of the content into the names of these. */
const IMMUTABLE = "public, max-age=31536000, immutable";
const ASK_AGAIN = "no-cache";

/** Reads a build of the page into memory: some hundred kilobytes. Files of unknown kinds are left out. */
export async function readPageFiles(directory: string): Promise<PageFiles> {
  const bytes = new Map<string, Buffer>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    bytes.set(`/${relative(directory, path).replaceAll(sep, "/")}`, await readFile(path));
  }
  const files = new Map<string, PageFile>();
  for (const path of bytes.keys()) {
    const contentType = CONTENT_TYPES[extname(path)];
    if (contentType !== undefined) files.set(path, fileOf(path, contentType, bytes));
  }
  const index = files.get(INDEX);
  if (index === undefined) return files;
  for (const path of PAGE_PATHS) files.set(path, index);
  return files;
}

function fileOf(path: string, contentType: string, bytes: ReadonlyMap<string, Buffer>): PageFile {
  const identity = bytes.get(path)!;
  const bodies = new Map([["identity", identity]]);
  for (const [suffix, encoding] of Object.entries(ENCODINGS)) {
    const body = bytes.get(path + suffix);
    if (body !== undefined && body.length < identity.length) bodies.set(encoding, body);
  }
  const digest = createHash("sha256").update(identity).digest("base64url").slice(0, 22);
  return { contentType, cacheControl: path.startsWith("/assets/") ? IMMUTABLE : ASK_AGAIN, digest, bodies };
}
