import { RECENT_MAX, type ToldEvent } from "@millrace/tail";
import { LRUCache } from "lru-cache";
import type { StagedBatch, StagedRecord, StagedSection } from "../fold/staged-batch.ts";
import { stampsOf, type ToldStamps } from "./told-event.ts";

/** A sixteenth of the events of a large batch is kept, and all of a small one. */
const KEPT_SHARE = 16;
const KEPT_MIN = 64;

/** No more bytes than this are kept of one batch. */
const BATCH_BYTES_MAX = 512 * 1024;

/** What an event holds beside its bytes, roughly. */
const EVENT_BYTES = 256;

/** What recent events may take. */
export type RecentLimits = { readonly projectsMax: number; readonly bytesMax: number };

/** An event; its bytes as text of one byte a character, which takes the least of memory and time to make. */
type Kept = { readonly source: string; readonly stamps: ToldStamps; readonly text: string };

type Ring = { readonly kept: Kept[]; bytes: number };

/** The last events of the projects that sent last, some left out where there are many: what a tail can begin with. */
export class RecentEvents {
  readonly #rings: LRUCache<string, Ring>;

  constructor({ projectsMax, bytesMax }: RecentLimits) {
    this.#rings = new LRUCache({ max: projectsMax, maxSize: bytesMax, sizeCalculation: ({ bytes }) => bytes });
  }

  /** How many bytes they take, roughly. */
  get bytes(): number {
    return this.#rings.calculatedSize;
  }

  /** Keeps the last events of each section of a folded batch: of many sections fewer each. */
  note(source: string, batch: StagedBatch): void {
    const keptMax = Math.max(KEPT_MIN, Math.floor(batch.count / KEPT_SHARE));
    let sections = 0;
    for (const record of batch.records) sections += record.sections.length;
    const ofSection = Math.min(RECENT_MAX, Math.max(1, Math.floor(keptMax / sections)));
    let left = BATCH_BYTES_MAX;
    let passed = sections - keptMax;
    for (const record of batch.records) {
      for (const section of record.sections) {
        if (passed-- > 0) continue;
        if (left < 0) return;
        left -= this.#noteSection(source, batch, record, section, ofSection);
      }
    }
  }

  /** The last events of a project and where each came from, oldest first. */
  of(projectId: string, count: number): { readonly source: string; readonly event: ToldEvent }[] {
    const kept = this.#rings.get(projectId)?.kept ?? [];
    return kept.slice(-count).map(({ source, stamps, text }) => {
      return { source, event: { ...stamps, bytes: Buffer.from(text, "latin1") } };
    });
  }

  /** Gives how many bytes were kept. */
  #noteSection(
    source: string,
    batch: StagedBatch,
    record: StagedRecord,
    section: StagedSection,
    countMax: number,
  ): number {
    const { projectId } = section.plan;
    const ring = this.#rings.get(projectId) ?? { kept: [], bytes: 0 };
    const before = ring.bytes;
    const end = section.first + section.count;
    let added = 0;
    for (let place = Math.max(section.first, end - countMax); place < end; place++) {
      const text = section.buffer.toString("latin1", batch.ranges[2 * place]!, batch.ranges[2 * place + 1]!);
      ring.kept.push({ source, stamps: stampsOf(batch, record, section, place), text });
      added += text.length + EVENT_BYTES;
    }
    ring.bytes = before + added;
    const over = ring.kept.length - RECENT_MAX;
    if (over > 0) for (const { text } of ring.kept.splice(0, over)) ring.bytes -= text.length + EVENT_BYTES;
    this.#rings.set(projectId, ring);
    return added;
  }
}
