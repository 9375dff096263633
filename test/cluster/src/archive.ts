import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run-program.ts";

/** What an image says of itself, as far as the tests look at it. */
export type ImageConfig = {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
};

/** The content of an image. */
export type ImageContent = {
  /** Of all layers, not compressed. */
  readonly bytes: number;
  readonly config: ImageConfig;
  /** Paths of all files, without a slash in front. */
  readonly paths: readonly string[];
  /** The text of a file. */
  readonly read: (path: string) => Promise<string>;
};

/** Reads an archive as `docker save` writes it. */
export async function withImage<T>(archive: string, look: (image: ImageContent) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-image-"));
  try {
    await run("tar", ["--extract", "--file", archive, "--directory", folder]);
    const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const [{ Config, Layers }]: [{ Config: string; Layers: string[] }] = json("manifest.json");
    const layers = Layers.map((layer) => join(folder, layer));
    const lists = await Promise.all(layers.map((layer) => run("tar", ["--list", "--file", layer])));
    const found = lists.map((list) => list.split("\n").map((path) => path.replace(/^\.\//, "")));
    const layerOf = (path: string) => layers[found.findLastIndex((paths) => paths.includes(path))];
    return await look({
      bytes: layers.reduce((sum, layer) => sum + statSync(layer).size, 0),
      config: json(Config).config,
      paths: found.flat(),
      read: (path) => run("tar", ["--extract", "--to-stdout", "--file", layerOf(path) ?? "", path]),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
