import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Definitions, DefinitionsSchema, LateWindowSchema } from "@millrace/api/millrace/config/v1/definitions_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { Failure } from "@millrace/failure";
import { PROCESSING_VERSION } from "@millrace/processing";
import { layoutFamilies, templateMetrics, templateRollups } from "@millrace/rollup";
import type { Snapshot } from "@millrace/snapshot";

const LATE_WINDOW_MS = 48 * 3_600_000;

const metrics = [...templateMetrics(Template.WEB)];
const rollups = [...templateRollups(Template.WEB)];
const families = layoutFamilies([], rollups, metrics);
const lateWindows = [create(LateWindowSchema, { window: durationFromMs(LATE_WINDOW_MS) })];

/** The definitions of a project on the template `web`. All projects share what they have in common. */
function webDefinitions(projectId: string, spread = 1): Definitions {
  return create(DefinitionsSchema, {
    projectId,
    revision: 1n,
    timeZone: "UTC",
    dayOffsetsMinutes: [0],
    lateWindows,
    spread,
    processingVersion: PROCESSING_VERSION,
    metrics,
    rollups,
    families,
  });
}

/** A snapshot in which every project is one on the template `web`, at revision 1. */
export function webSnapshot(spread = 1): Snapshot {
  const known = new Map<string, Definitions>();
  const find = (projectId: string): Definitions => {
    const found = known.get(projectId) ?? webDefinitions(projectId, spread);
    if (known.size < KNOWN_MAX) known.set(projectId, found);
    return found;
  };
  return {
    definitions: async (projectId) => find(projectId),
    peekDefinitions: find,
    definitionsAt: async (projectId) => find(projectId),
    peekDefinitionsAt: find,
    servedGeneration: async () => 1,
    visitorSalt: async () => undefined,
    authenticate: async () => {
      throw new Failure("unauthenticated", "CREDENTIAL_UNKNOWN", "nobody is known here");
    },
    ready: async () => {},
    close: async () => {},
  };
}

/** Of a hundred thousand projects the snapshot keeps a few; the others are made when they are asked for. */
const KNOWN_MAX = 64;
