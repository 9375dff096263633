import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificatesFolder, makeAuthority } from "@millrace/harness/certificates";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TlsSettings } from "../env/tls-variables.ts";
import type { Logger } from "../log/logger.ts";
import { silentLogger } from "../log/silent-logger.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { openServiceTls, type ServiceTls } from "./service-tls.ts";

const NOTHING = {
  tlsCertificateFile: undefined,
  tlsKeyFile: undefined,
  tlsCaFile: undefined,
  tlsClients: "any",
} as const;
const POLL_MS = 20;

async function open(settings: Partial<TlsSettings>, options: { log?: Logger; now?: () => number } = {}) {
  const telemetry = await createTelemetry({ service: "fixture", version: "1.2.3" });
  const { log = silentLogger(), now = () => Date.now() } = options;
  const given = { log, meter: telemetry.meter, now, pollMs: POLL_MS };
  const tls = await openServiceTls({ ...NOTHING, ...settings }, given);
  onTestFinished(async () => {
    tls.close();
    await telemetry.shutdown();
  });
  return { tls, telemetry };
}

/** What the log is told, level and text. */
function listeningLog(): { readonly log: Logger; readonly told: string[] } {
  const told: string[] = [];
  const tell = (level: string) => (first: unknown, text?: string) => void told.push(`${level}: ${text ?? first}`);
  const log = { ...silentLogger(), warn: tell("warn"), error: tell("error"), info: tell("info") };
  return { log: log as unknown as Logger, told };
}

function changeOf(tls: ServiceTls): Promise<unknown> {
  return new Promise((resolve) => tls.onChange(resolve));
}

async function filesOf(days = 1) {
  const folder = certificatesFolder();
  const authority = await makeAuthority(folder);
  const {
    caFile: tlsCaFile,
    certificateFile: tlsCertificateFile,
    keyFile: tlsKeyFile,
  } = await authority.issue("own", {
    days,
  });
  return { folder, authority, settings: { tlsCaFile, tlsCertificateFile, tlsKeyFile } };
}

describe("TLS files that are of no use", () => {
  it.each([
    [
      "a certificate without its key",
      { tlsKeyFile: undefined },
      "MILLRACE_TLS_CERTIFICATE_FILE: and MILLRACE_TLS_KEY_FILE must be given together",
    ],
    [
      "callers to be verified by nobody",
      { tlsCaFile: undefined, tlsClients: "verified" },
      'MILLRACE_TLS_CLIENTS: "verified" needs',
    ],
    [
      "a certificate that is not there",
      { tlsCertificateFile: "/nowhere/a.pem" },
      'MILLRACE_TLS_CERTIFICATE_FILE: names "/nowhere/a.pem", which can not be read',
    ],
    [
      "a key that is not there",
      { tlsKeyFile: "/nowhere/key" },
      'MILLRACE_TLS_KEY_FILE: names "/nowhere/key", which can not be read',
    ],
    [
      "authorities that are not there",
      { tlsCaFile: "/nowhere" },
      'MILLRACE_TLS_CA_FILE: names "/nowhere", which can not be read',
    ],
  ] as const)("end the start: %s", async (_what, changed, message) => {
    const { settings } = await filesOf();
    await expect(open({ ...settings, ...changed })).rejects.toThrow(message);
  });

  it("end the start: what is in them is something else", async () => {
    const { settings, folder, authority } = await filesOf();
    const text = join(folder, "text");
    writeFileSync(text, "nothing\n");
    const { tlsKeyFile } = settings;
    const other = await authority.issue("other");
    const refused = (changed: Partial<TlsSettings>) => expect(open({ ...settings, ...changed })).rejects;
    await refused({ tlsCertificateFile: text }).toThrow(
      "MILLRACE_TLS_CERTIFICATE_FILE: names a file that holds no certificate",
    );
    await refused({ tlsKeyFile: text }).toThrow("MILLRACE_TLS_KEY_FILE: names a file that holds no private key");
    await refused({ tlsCaFile: tlsKeyFile }).toThrow("MILLRACE_TLS_CA_FILE: names a file that holds no certificate");
    await refused({ tlsKeyFile: other.keyFile }).toThrow("MILLRACE_TLS_KEY_FILE: is not the key of the certificate");
  });

  it("end the start: a certificate that has expired, or is not valid yet", async () => {
    const { settings } = await filesOf();
    const expired = await filesOf(-1);
    await expect(open(expired.settings)).rejects.toThrow(/MILLRACE_TLS_CERTIFICATE_FILE: expired at 2.*; renew it/);
    const yesterday = () => Date.now() - 86_400_000;
    await expect(open(settings, { now: yesterday })).rejects.toThrow("only; is the clock right?");
  });
});

describe("TLS files that change", () => {
  it("are read again, and stay as they were while what is new is of no use", async () => {
    const { settings, authority } = await filesOf();
    const { log, told } = listeningLog();
    const { tls } = await open(settings, { log });
    const before = tls.current();
    const other = await authority.issue("other");
    copyFileSync(other.certificateFile, settings.tlsCertificateFile);
    await expect.poll(() => told).toContain("error: new TLS files are of no use; the old ones stay");
    expect(tls.current()).toBe(before);
    const changed = changeOf(tls);
    copyFileSync(other.keyFile, settings.tlsKeyFile);
    await changed;
    expect(tls.current().identity?.certificate).not.toBe(before.identity?.certificate);
    expect(told.at(-1)).toBe("info: TLS files were read anew");
  });
});

describe("TLS files behind links, as Kubernetes mounts them", () => {
  it("are read again when the links are put to another folder", async () => {
    const { folder, authority } = await filesOf();
    const mounted = join(folder, "mounted");
    mkdirSync(mounted);
    const write = async (version: string): Promise<void> => {
      const { certificateFile, keyFile, caFile } = await authority.issue(version);
      const data = join(mounted, `..${version}`);
      mkdirSync(data);
      copyFileSync(certificateFile, join(data, "tls.crt"));
      copyFileSync(keyFile, join(data, "tls.key"));
      copyFileSync(caFile, join(data, "ca.crt"));
      symlinkSync(`..${version}`, join(mounted, "..data_tmp"));
      renameSync(join(mounted, "..data_tmp"), join(mounted, "..data"));
    };
    await write("first");
    const file = (name: string) => {
      symlinkSync(join("..data", name), join(mounted, name));
      return join(mounted, name);
    };
    const settings = { tlsCertificateFile: file("tls.crt"), tlsKeyFile: file("tls.key"), tlsCaFile: file("ca.crt") };
    const { log, told } = listeningLog();
    const { tls } = await open(settings, { log });
    const before = tls.current();
    const changed = changeOf(tls);
    await write("second");
    await changed;
    expect(tls.current().identity?.key).not.toBe(before.identity?.key);
    expect(told).toEqual(["info: TLS files were read anew"]);
  });
});

describe("the end of a certificate", () => {
  it("is measured, and told when renewal is late and when it is over, once each", async () => {
    const { settings } = await filesOf();
    const { log, told } = listeningLog();
    const clock = { ms: Date.now() };
    const { tls, telemetry } = await open(settings, { log, now: () => clock.ms });
    const { expireTimeMs } = tls.current().identity!;
    const measured = /^millrace_tls_certificate_expiry\w*\{.*\} (\d+)$/m;
    expect(measured.exec(await telemetry.prometheusText())?.[1]).toBe(`${expireTimeMs / 1_000}`);
    clock.ms = expireTimeMs - 3_600_000;
    await expect.poll(() => told).toEqual(["warn: the TLS certificate expires soon; renew it"]);
    clock.ms = expireTimeMs;
    await expect.poll(() => told.length).toBe(2);
    expect(told[1]).toBe("error: the TLS certificate has expired: callers refuse it; renew it");
  });
});
