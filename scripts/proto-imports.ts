/**
 * Gathers the protos that others own from the npm packages that carry them, so that none is copied into this
 * repository. buf.yaml names the folder.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DescriptorProto, EnumDescriptorProto, FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import { FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";

const root = join(import.meta.dirname, "..");
const target = join(root, "node_modules/.proto-imports");
const copies = {
  "google/rpc/status.proto": "google-proto-files/google/rpc/status.proto",
  "google/rpc/error_details.proto": "google-proto-files/google/rpc/error_details.proto",
  "grpc/health/v1/health.proto": "grpc-health-check/proto/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto",
};

/** Fills node_modules/.proto-imports afresh. */
export function gatherProtoImports(): void {
  rmSync(target, { recursive: true, force: true });
  for (const [path, source] of Object.entries(copies)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, "node_modules", source), join(target, path));
  }
  const validate = join(target, "buf/validate/validate.proto");
  mkdirSync(dirname(validate), { recursive: true });
  writeFileSync(validate, printValidateProto());
}

/** The text of buf/validate/validate.proto, printed from the descriptor inside @bufbuild/protovalidate. */
function printValidateProto(): string {
  const file = file_buf_validate_validate.proto;
  const lines = [`syntax = "${file.syntax || "proto2"}";`, `package ${file.package};`];
  lines.push(...file.dependency.map((path) => `import "${path}";`));
  for (const type of file.enumType) lines.push(...printEnum(type, ""));
  for (const type of file.messageType) lines.push(...printMessage(type, ""));
  for (const field of file.extension) lines.push(`extend ${field.extendee} { ${printField(field, false, "")} }`);
  return `${lines.join("\n")}\n`;
}

function printMessage(message: DescriptorProto, indent: string): string[] {
  const inner = `${indent}  `;
  const lines = [`${indent}message ${message.name} {`];
  for (const type of message.enumType) lines.push(...printEnum(type, inner));
  for (const type of message.nestedType) lines.push(...printMessage(type, inner));
  const inOneof = (field: FieldDescriptorProto) => Object.hasOwn(field, "oneofIndex") && !field.proto3Optional;
  message.oneofDecl.forEach((oneof, index) => {
    const members = message.field.filter((field) => inOneof(field) && field.oneofIndex === index);
    if (members.length === 0) return;
    lines.push(`${inner}oneof ${oneof.name} {`);
    lines.push(...members.map((field) => printField(field, true, `${inner}  `)));
    lines.push(`${inner}}`);
  });
  lines.push(...message.field.filter((field) => !inOneof(field)).map((field) => printField(field, false, inner)));
  const maxTag = 536870911;
  for (const range of message.extensionRange) {
    const last = range.end - 1;
    lines.push(`${inner}extensions ${range.start} to ${last >= maxTag ? "max" : last};`);
  }
  for (const field of message.extension) {
    lines.push(`${inner}extend ${field.extendee} { ${printField(field, false, "")} }`);
  }
  lines.push(`${indent}}`);
  return lines;
}

function printEnum(type: EnumDescriptorProto, indent: string): string[] {
  const alias = type.options?.allowAlias ? [`${indent}  option allow_alias = true;`] : [];
  const values = type.value.map((value) => `${indent}  ${value.name} = ${value.number};`);
  return [`${indent}enum ${type.name} {`, ...alias, ...values, `${indent}}`];
}

function printField(field: FieldDescriptorProto, inOneof: boolean, indent: string): string {
  const label = inOneof ? "" : `${Label[field.label].toLowerCase()} `;
  const type = field.typeName || Type[field.type].toLowerCase();
  return `${indent}${label}${type} ${field.name} = ${field.number};`;
}
