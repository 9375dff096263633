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

/** A certificate for 127.0.0.1, and the authority that signed it, for one test. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-certificates-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return await makeCertificatesIn(folder);
}

/** As `makeCertificates`, in a folder that is the caller's to remove. */
export async function makeCertificatesIn(folder: string): Promise<Certificates> {
  const file = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const days = ["-days", "1"];
  const [caFile, caKey, certificateFile, keyFile] = [file("ca.pem"), file("ca.key"), file("server.pem"), file("key")];
  await openssl("req", "-x509", ...key, ...days, "-subj", "/CN=Test CA", "-keyout", caKey, "-out", caFile);
  const request = file("request.pem");
  await openssl("req", ...key, "-subj", "/CN=127.0.0.1", "-keyout", keyFile, "-out", request);
  writeFileSync(file("names"), "subjectAltName=IP:127.0.0.1,DNS:redis.test\n");
  const authority = ["-CA", caFile, "-CAkey", caKey, "-CAcreateserial", "-extfile", file("names")];
  await openssl("x509", "-req", "-in", request, ...authority, ...days, "-out", certificateFile);
  return { caFile, certificateFile, keyFile };
}
