/** Config goes away, all of it. Whoever was known goes on, and whoever comes anew is asked to come back. */
import { Code, ConnectError } from "@connectrpc/connect";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ApiKeyService } from "@millrace/api/millrace/config/v1/api_key_service_pb";
import { IngestService } from "@millrace/api/millrace/ingest/v1/ingest_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { launchMesh } from "@millrace/harness/mesh";
import { until } from "@millrace/harness/until";
import { expect, it, onTestFailed, onTestFinished } from "vitest";
import { pageViews, view } from "./questions.ts";

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  return call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown).code,
  );
}

it("ingest and reporting go on for those they know, start without it, and know everybody once it is back", async () => {
  const mesh = await launchMesh({ counts: { config: 1, processing: 1, ingest: 2, reporting: 1, dashboard: 1 } });
  onTestFinished(() => mesh.dispose());
  onTestFailed(() => void process.stderr.write(`\n── what the services wrote\n${mesh.output.slice(-20_000)}\n`));
  const known = mesh.keys.projectKeys["demo"]!;
  const apiKey = { projectId: "demo", displayName: "late", scopes: [Scope.INGEST, Scope.REPORT] };
  const { text: unseen } = await mesh.client(ApiKeyService).createApiKey({ apiKey });
  const send = (name: string, key: string, path: string) =>
    mesh.clientOf(name, IngestService, key).send({ events: [view(path)] });

  await send("ingest-1", known, "/before");
  await until("the event is in an answer", async () => (await pageViews(mesh)).get("/before") === 1);
  await mesh.kill9("config-1");

  // Those whom it has seen.
  await send("ingest-1", known, "/during");
  await until("the event is in an answer", async () => (await pageViews(mesh)).get("/during") === 1);
  // Those whom it has not: nobody says that their key is wrong.
  expect(await codeOf(send("ingest-1", unseen, "/unseen"))).toBe(Code.Unavailable);
  expect(await codeOf(mesh.client(ReportingService, unseen).getCatalog({}))).toBe(Code.Unavailable);

  // A process that starts now is ready, and has seen nobody.
  await mesh.restart("ingest-2");
  expect(await codeOf(send("ingest-2", known, "/anew"))).toBe(Code.Unavailable);

  await mesh.restart("config-1");
  await until("a process that never reached config knows the key", async () => {
    return (await codeOf(send("ingest-2", known, "/after"))) === undefined;
  });
  await until("so do the others", async () => (await codeOf(send("ingest-1", unseen, "/after"))) === undefined);
});
