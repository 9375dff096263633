import { create } from "@bufbuild/protobuf";
import { GetVisitorSaltsResponseSchema } from "@millrace/api/millrace/config/v1/snapshot_service_pb";
import type { Dependencies } from "../dependencies.ts";

const DAY_MS = 86_400_000;

/** Makes the handler of SnapshotService.GetVisitorSalts. */
export function createGetVisitorSalts({ visitorSalts, clock }: Dependencies) {
  return async function getVisitorSalts() {
    const nowMs = clock();
    await visitorSalts.forgetBefore(nowMs);
    const salts = [await visitorSalts.ofDay(nowMs), await visitorSalts.ofDay(nowMs + DAY_MS)];
    return create(GetVisitorSaltsResponseSchema, { salts });
  };
}
