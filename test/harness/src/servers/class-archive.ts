import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { bringJava, type JavaProgram } from "./jars.ts";
import type { Launched } from "./launch.ts";

/** What a server in Java is started with: `java`, and the options that name its classes. */
export type ArchivedProgram = { readonly java: string; readonly options: readonly string[] };

/** Starts the server that an archive is made of, with its data in `folder`, and with more options. */
type Start = (program: ArchivedProgram, folder: string, options: readonly string[]) => Promise<Launched[]>;

const making = new Map<string, Promise<void>>();

/**
 * Java 17 and the jars that a pom names; brought where they are missing. Their classes are kept as they are once loaded, in
 * an archive beside the jars: Kafka starts in half the time, and Cassandra in five sixths of it.
 */
export async function bringArchived(pom: string, folder: string, start: Start): Promise<ArchivedProgram> {
  const { java, jars } = await bringJava(pom, folder);
  const options = ["-cp", jars.join(delimiter)];
  const archive = archiveOf(jars);
  if (!existsSync(archive)) {
    // Others may be making theirs in the same folder.
    const home = join(folder, `archive-${basename(dirname(archive))}`);
    const made = making.get(archive) ?? makeArchive({ java, options }, archive, home, start);
    making.set(archive, made);
    // It only makes starts quicker.
    await made.catch(() => {});
  }
  return { java, options: existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, ...options] : options };
}

function archiveOf(jars: JavaProgram["jars"]): string {
  return join(dirname(jars[0] ?? ""), "classes.jsa");
}

/** Runs a server that writes down its classes when it ends. */
async function makeArchive(program: ArchivedProgram, archive: string, folder: string, start: Start): Promise<void> {
  const filling = `${archive}.${process.pid}`;
  try {
    const [server] = await start(program, folder, [`-XX:ArchiveClassesAtExit=${filling}`]);
    server?.program.signal("SIGTERM");
    await server?.program.ended;
    renameSync(filling, archive);
  } finally {
    rmSync(filling, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
