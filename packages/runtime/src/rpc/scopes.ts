import { type DescFile, type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { required_scope, Scope } from "@millrace/api/millrace/access/v1/scope_pb";

// These contracts belong to others and can not carry our option.
const PUBLIC_SERVICES: ReadonlySet<string> = new Set([
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
]);

/** The scope that a method requires, or undefined when it names none and must be refused. */
export function scopeOf(method: DescMethod): Scope | undefined {
  if (PUBLIC_SERVICES.has(method.parent.typeName)) return Scope.PUBLIC;
  if (!hasOption(method, required_scope)) return undefined;
  const scope = getOption(method, required_scope);
  return scope === Scope.UNSPECIFIED ? undefined : scope;
}

/** The methods, as `service/method`, that name no required scope: a server refuses to be made with any of them. */
export function assertScopes(files: Iterable<DescFile>): string[] {
  const missing: string[] = [];
  for (const file of files) {
    for (const service of file.services) {
      for (const method of service.methods) {
        if (scopeOf(method) === undefined) missing.push(`${service.typeName}/${method.name}`);
      }
    }
  }
  return missing;
}
