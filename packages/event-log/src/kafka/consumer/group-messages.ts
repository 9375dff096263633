import { AssignerProtocol } from "kafkajs";
import type { MemberClaims } from "./sticky-assignment.ts";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** The name of the way in which partitions are shared. All members of a group must have the same one. */
export const PROTOCOL = "millrace-sticky-1";

/** What a member tells the group's leader, in the format of Kafka's consumers, so that tools can read it. */
export function encodeClaims(topic: string, claims: Omit<MemberClaims, "memberId">): Buffer {
  const { owned, releasing, leaving, generation } = claims;
  const userData = Buffer.from(JSON.stringify({ owned, releasing, leaving, generation }));
  return MemberMetadata.encode({ version: 0, topics: [topic], userData });
}

/** Reads what {@link encodeClaims} wrote; what can't be read claims nothing. */
export function decodeClaims(memberId: string, metadata: Buffer): MemberClaims {
  const nothing = { memberId, owned: [], releasing: [], leaving: false, generation: -1 };
  try {
    const userData = MemberMetadata.decode(metadata)?.userData;
    if (userData === undefined || userData === null || userData.length === 0) return nothing;
    const claims = JSON.parse(userData.toString()) as Record<string, unknown>;
    return {
      memberId,
      owned: numbers(claims["owned"]),
      releasing: numbers(claims["releasing"]),
      leaving: claims["leaving"] === true,
      generation: Number(claims["generation"] ?? -1),
    };
  } catch {
    return nothing;
  }
}

/** A member's share, in the format of Kafka's consumers. */
export function encodeShare(topic: string, partitions: readonly number[]): Buffer {
  return MemberAssignment.encode({ version: 0, assignment: { [topic]: [...partitions] }, userData: Buffer.alloc(0) });
}

/** Reads what {@link encodeShare} wrote. */
export function decodeShare(topic: string, share: Buffer): number[] {
  return share.length === 0 ? [] : [...(MemberAssignment.decode(share)?.assignment[topic] ?? [])];
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((each): each is number => Number.isSafeInteger(each)) : [];
}
