import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTelemetry } from "@millrace/runtime";
import { expect, it, onTestFinished } from "vitest";
import { openBackends } from "./backends.ts";

it("refuse another number of partitions than the data directory has, naming the variable, its value and what is there", async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "millrace-backends-"));
  const telemetry = await createTelemetry({ service: "test", version: "0.0.0" });
  onTestFinished(async () => {
    await telemetry.shutdown();
    rmSync(dataDirectory, { recursive: true });
  });
  const claimBytes = 16 * 1024 * 1024;
  const backends = await openBackends({ dataDirectory, partitions: 2, claimBytes }, telemetry);
  await backends.close();
  await expect(openBackends({ dataDirectory, partitions: 3, claimBytes }, telemetry)).rejects.toThrow(
    `MILLRACE_PARTITIONS: "3" is not allowed; the log in ${dataDirectory} has 2, which cannot be changed`,
  );
  const again = await openBackends({ dataDirectory, partitions: 2, claimBytes }, telemetry);
  await again.close();
});
