import { AssignerProtocol } from "kafkajs";
import { describe, expect, it } from "vitest";
import { decodeClaims, decodeShare, encodeClaims, encodeShare } from "./group-messages.ts";

describe("what members tell each other", () => {
  it("comes back as it was written, in the format that Kafka's tools read", () => {
    const claims = { owned: [0, 2], releasing: [3], leaving: true, generation: 7 };
    const written = encodeClaims("events", claims);
    expect(decodeClaims("m", written)).toEqual({ memberId: "m", ...claims });
    expect(AssignerProtocol.MemberMetadata.decode(written)?.topics).toEqual(["events"]);
    expect(decodeShare("events", encodeShare("events", [5, 1]))).toEqual([5, 1]);
    expect(decodeShare("events", Buffer.alloc(0))).toEqual([]);
    expect(decodeShare("events", encodeShare("others", [1]))).toEqual([]);
  });

  it("claims nothing where it can't be read", () => {
    const nothing = { memberId: "m", owned: [], releasing: [], leaving: false, generation: -1 };
    const metadata = (userData: string) =>
      AssignerProtocol.MemberMetadata.encode({ version: 0, topics: ["events"], userData: Buffer.from(userData) });
    for (const userData of ["", "no JSON", "null", "7", '{"owned":"all","releasing":[0.5,null]}']) {
      expect(decodeClaims("m", metadata(userData))).toEqual(nothing);
    }
    expect(decodeClaims("m", Buffer.from([1]))).toEqual(nothing);
  });
});
