import { readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeOrphan } from "./owner.ts";
import { parseSegmentName, Segment, sealedPath } from "./segment.ts";
import { readSegment } from "./segment-format.ts";

/**
 * Takes over the segments of a dead process, oldest first: each is moved into `folder` by one rename, so that of several
 * who try one gets it.
 *
 * @param nextNumber gives the number of each
 */
export function takeOver(orphan: string, folder: string, nextNumber: () => number): Segment[] {
  const taken: Segment[] = [];
  const names = list(orphan)
    .flatMap((name) => ({ name, said: parseSegmentName(name) }))
    .filter(({ said }) => said !== undefined)
    .sort((a, b) => a.said!.number - b.said!.number);
  for (const { name, said } of names) {
    const number = nextNumber();
    const moved = join(folder, `${number}.taken`);
    try {
      renameSync(join(orphan, name), moved);
    } catch {
      continue;
    }
    // Only the file that was written last does not say how many events it has.
    const count = said?.count ?? readSegment(readFileSync(moved)).count;
    if (count === 0) {
      rmSync(moved, { force: true });
      continue;
    }
    const path = sealedPath(moved, number, count);
    renameSync(moved, path);
    taken.push(Segment.found(path, number, count, statSync(path).size));
  }
  removeOrphan(orphan);
  return taken;
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
