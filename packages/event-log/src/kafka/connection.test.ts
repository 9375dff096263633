import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLevel } from "kafkajs";
import { afterAll, describe, expect, it } from "vitest";
import { kafkaConfigOf } from "./connection.ts";
import type { KafkaLog } from "./kafka-options.ts";
import { SILENT } from "./test-kafka.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-kafka-"));
afterAll(() => rmSync(directory, { recursive: true }));

function pem(name: string): string {
  const path = join(directory, `${name}.pem`);
  writeFileSync(path, `-----BEGIN ${name}-----\n`);
  return path;
}

const options = { brokers: ["kafka-0:9092", "[::1]:9092"], log: SILENT };

describe("what the client is told", () => {
  it("names every broker that was given, and encrypts nothing unless told to", () => {
    const config = kafkaConfigOf(options);
    expect(config.brokers).toEqual(["kafka-0:9092", "[::1]:9092"]);
    expect(config).not.toHaveProperty("ssl");
    expect(config).not.toHaveProperty("sasl");
  });

  it("bounds every wait and every number of attempts", () => {
    expect(kafkaConfigOf(options)).toMatchObject({
      connectionTimeout: expect.any(Number),
      authenticationTimeout: expect.any(Number),
      requestTimeout: 10_000,
      enforceRequestTimeout: true,
      retry: { retries: 5, maxRetryTime: 1_000 },
    });
    expect(kafkaConfigOf({ ...options, requestTimeoutMs: 1234 }).requestTimeout).toBe(1234);
  });

  it("encrypts with the system's authorities where there are no files", () => {
    expect(kafkaConfigOf({ ...options, tls: {} }).ssl).toEqual({ minVersion: "TLSv1.2" });
  });

  it("takes authorities, a certificate of its own and the brokers' name", () => {
    const tls = { caFile: pem("ca"), certFile: pem("cert"), keyFile: pem("key"), serverName: "kafka.example" };
    expect(kafkaConfigOf({ ...options, tls }).ssl).toEqual({
      ca: "-----BEGIN ca-----\n",
      cert: "-----BEGIN cert-----\n",
      key: "-----BEGIN key-----\n",
      servername: "kafka.example",
      minVersion: "TLSv1.2",
    });
  });

  it.each(["plain", "scram-sha-256", "scram-sha-512"] as const)("says who it is by %s", (mechanism) => {
    const sasl = { mechanism, username: "ingest", password: "secret" };
    expect(kafkaConfigOf({ ...options, sasl }).sasl).toEqual(sasl);
  });

  it.each([
    { name: "no broker", given: { brokers: [] }, message: "kafka.brokers: must name at least one broker" },
    { name: "an address without a port", given: { brokers: ["kafka-0"] }, message: '"kafka-0" is not an address' },
    { name: "a URL", given: { brokers: ["kafka://kafka-0:9092"] }, message: "is not an address" },
    { name: "a missing file", given: { tls: { caFile: "/nowhere/ca.pem" } }, message: "/nowhere/ca.pem can't be read" },
    { name: "a certificate without a key", given: { tls: { certFile: pem("cert") } }, message: "go together" },
  ])("refuses $name", ({ given, message }) => {
    expect(() => kafkaConfigOf({ ...options, ...given })).toThrow(message);
  });

  it("refuses a file that holds no PEM", () => {
    const caFile = join(directory, "not.pem");
    writeFileSync(caFile, "nothing");
    expect(() => kafkaConfigOf({ ...options, tls: { caFile } })).toThrow("holds no PEM");
  });
});

describe("lines of the client", () => {
  it("are passed on as warnings at most, without payloads and secrets", () => {
    const lines: unknown[] = [];
    const write = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
    const log: KafkaLog = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
    const emit = kafkaConfigOf({ ...options, log }).logCreator!(logLevel.INFO);
    const content = { timestamp: "", message: "Failed", broker: "b:1", password: "secret", payload: Buffer.alloc(1) };
    emit({ namespace: "Connection", level: logLevel.ERROR, label: "ERROR", log: content });
    emit({ namespace: "Producer", level: logLevel.INFO, label: "INFO", log: { timestamp: "", message: "Fine" } });
    expect(lines).toEqual([
      ["warn", { kafka: "Connection", broker: "b:1" }, "kafka: Failed"],
      ["debug", { kafka: "Producer" }, "kafka: Fine"],
    ]);
  });
});
