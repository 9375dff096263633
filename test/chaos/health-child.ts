/**
 * Asks processes whether they are well, twice a second each, from a process of its own: what is slow in the test is not
 * slow in them. Its arguments are names, addresses and admin addresses by turns; each answer is a line of JSON.
 */
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@millrace/api/grpc/health/v1/health_pb";

const EVERY_MS = 500;

async function watch(name: string, url: string, adminUrl: string): Promise<never> {
  const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
  for (;;) {
    const startMs = performance.now();
    const complaint = await look(health, adminUrl).catch(String);
    const tookMs = performance.now() - startMs;
    process.stdout.write(`${JSON.stringify({ name, tookMs, complaint })}\n`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function look(health: ReturnType<typeof createClient<typeof Health>>, adminUrl: string): Promise<string> {
  const [{ status }, live] = await Promise.all([health.check({}), fetch(`${adminUrl}/livez`)]);
  await live.text();
  if (status !== Status.SERVING) return `grpc.health.v1: status ${status}`;
  return live.ok ? "" : `/livez: ${live.status}`;
}

const [, , ...words] = process.argv;
for (let i = 0; i < words.length; i += 3) void watch(words[i]!, words[i + 1]!, words[i + 2]!);
