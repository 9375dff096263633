import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const openssl = (...args: string[]) => promisify(execFile)("openssl", args);

/** Files in PEM format. */
export type Certificates = {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
};

/** What a certificate says. */
export type CertificateOptions = {
  /** What it is for, such as "DNS:config" or "IP:127.0.0.1"; 127.0.0.1 unless given. */
  readonly names?: readonly string[];
  /** For how many days it is valid from now on, which may be none: -1 expired a day ago. One unless given. */
  readonly days?: number;
};

/** Who signs certificates. */
export type Authority = {
  readonly caFile: string;
  /** Makes a certificate, in files whose names begin with `name`; those that are there are replaced. */
  readonly issue: (name: string, options?: CertificateOptions) => Promise<Certificates>;
};

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** A folder that is removed after the test. */
export function certificatesFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-certificates-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes an authority, in a folder that is the caller's to remove. */
export async function makeAuthority(folder: string, name = "ca"): Promise<Authority> {
  const file = (suffix: string) => join(folder, `${name}${suffix}`);
  const [caFile, caKey] = [file(".pem"), file(".key")];
  await openssl("req", "-x509", ...KEY, "-days", "1", "-subj", `/CN=Test CA ${name}`, "-keyout", caKey, "-out", caFile);
  return {
    caFile,
    async issue(certificate, { names = ["IP:127.0.0.1"], days = 1 } = {}) {
      const own = (suffix: string) => join(folder, `${certificate}${suffix}`);
      const [certificateFile, keyFile, request] = [own(".pem"), own(".key"), own(".request")];
      await openssl("req", ...KEY, "-subj", `/CN=${certificate}`, "-keyout", keyFile, "-out", request);
      writeFileSync(own(".names"), `subjectAltName=${names.join(",")}\n`);
      const signing = ["-CA", caFile, "-CAkey", caKey, "-CAcreateserial", "-extfile", own(".names")];
      await openssl("x509", "-req", "-in", request, ...signing, "-days", `${days}`, "-out", certificateFile);
      return { caFile, certificateFile, keyFile };
    },
  };
}

/** A certificate for 127.0.0.1, and the authority that signed it, for one test. */
export async function makeCertificates(): Promise<Certificates> {
  return await makeCertificatesIn(certificatesFolder());
}

/** As `makeCertificates`, in a folder that is the caller's to remove. */
export async function makeCertificatesIn(folder: string): Promise<Certificates> {
  const authority = await makeAuthority(folder);
  return await authority.issue("server", { names: ["IP:127.0.0.1", "DNS:server.test"] });
}
