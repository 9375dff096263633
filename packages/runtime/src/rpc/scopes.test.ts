import { readdirSync } from "node:fs";
import { create, createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { describe, expect, it } from "vitest";
import { startFixture } from "../server/fixture.ts";
import { assertScopes, scopeOf } from "./scopes.ts";

const GENERATED = new URL("../../../api/src/gen/millrace/", import.meta.url);

async function generatedFiles(): Promise<DescFile[]> {
  const files: DescFile[] = [];
  for (const name of readdirSync(GENERATED, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith("_pb.ts")) continue;
    const module = (await import(new URL(name, GENERATED).href)) as Record<string, unknown>;
    for (const value of Object.values(module)) {
      if ((value as DescFile | undefined)?.kind === "file") files.push(value as DescFile);
    }
  }
  return files;
}

function unscopedService() {
  const file = create(FileDescriptorProtoSchema, {
    name: "t.proto",
    package: "t",
    syntax: "proto3",
    messageType: [{ name: "M" }],
    service: [{ name: "S", method: [{ name: "Do", inputType: ".t.M", outputType: ".t.M" }] }],
  });
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService("t.S")!;
}

describe("required scopes", () => {
  it("are named by every method of every contract", async () => {
    const files = await generatedFiles();
    expect(files.flatMap(({ services }) => services).length).toBeGreaterThan(5);
    expect(assertScopes(files)).toEqual([]);
  });

  it("are read from the method's option", () => {
    expect(scopeOf(ProjectService.method.getProject)).toBe(Scope.REPORT);
  });

  it("are missed where a contract forgot them, and such a method is never served", async () => {
    const service = unscopedService();
    expect(assertScopes([service.file])).toEqual(["t.S/Do"]);
    await expect(startFixture({ routes: (router) => router.service(service, {}) })).rejects.toThrow(
      "no required scope is named by /t.S/Do",
    );
  });
});
