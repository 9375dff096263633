import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import type {
  ServerReflection,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "@millrace/api/grpc/reflection/v1/reflection_pb";
import type { ServerReflection as ServerReflectionAlpha } from "@millrace/api/grpc/reflection/v1alpha/reflection_pb";

type Answer = ServerReflectionResponse["messageResponse"];

/** grpc.reflection.v1 over the services that a server answers for, from which everything reflected follows; each may come often. */
export function createReflectionService(served: () => readonly DescService[]): ServiceImpl<typeof ServerReflection> {
  let index: Index | undefined;
  return {
    async *serverReflectionInfo(requests) {
      index ??= createIndex(served());
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answerTo(request, index) };
      }
    },
  };
}

/** grpc.reflection.v1alpha, which is v1 by another name: several clients, Python's among them, know no other. */
export function createAlphaReflectionService(
  served: () => readonly DescService[],
): ServiceImpl<typeof ServerReflectionAlpha> {
  return createReflectionService(served) as unknown as ServiceImpl<typeof ServerReflectionAlpha>;
}

type Index = {
  readonly services: readonly string[];
  readonly filesByName: ReadonlyMap<string, DescFile>;
  readonly filesBySymbol: ReadonlyMap<string, DescFile>;
  /** By the extended message's name, then by the extension's number. */
  readonly extensions: ReadonlyMap<string, ReadonlyMap<number, DescFile>>;
};

function createIndex(served: readonly DescService[]): Index {
  const services = new Set<string>();
  const filesByName = new Map<string, DescFile>();
  const filesBySymbol = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  const addFile = (file: DescFile): void => {
    if (filesByName.has(fileName(file))) return;
    filesByName.set(fileName(file), file);
    for (const type of nestedTypes(file)) {
      filesBySymbol.set(type.typeName, file);
      if (type.kind === "service")
        for (const { name } of type.methods) filesBySymbol.set(`${type.typeName}.${name}`, file);
      if (type.kind === "message")
        for (const { name } of type.fields) filesBySymbol.set(`${type.typeName}.${name}`, file);
      if (type.kind === "extension") {
        const numbers = extensions.get(type.extendee.typeName) ?? new Map<number, DescFile>();
        extensions.set(type.extendee.typeName, numbers.set(type.number, file));
      }
    }
    for (const dependency of file.dependencies) addFile(dependency);
  };
  for (const { typeName, file } of served) {
    services.add(typeName);
    addFile(file);
  }
  return { services: [...services].sort(), filesByName, filesBySymbol, extensions };
}

function answerTo({ messageRequest: asked }: ServerReflectionRequest, index: Index): Answer {
  switch (asked.case) {
    case "listServices":
      return services(index);
    case "fileByFilename":
      return descriptors(index.filesByName.get(asked.value), `file ${asked.value}`);
    case "fileContainingSymbol":
      return descriptors(index.filesBySymbol.get(asked.value), `symbol ${asked.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const file = index.extensions.get(containingType)?.get(extensionNumber);
      return descriptors(file, `extension ${extensionNumber} of ${containingType}`);
    }
    case "allExtensionNumbersOfType":
      return extensionNumbers(asked.value, index);
    default:
      return failed(Code.InvalidArgument, "the request asks for nothing");
  }
}

/** A file, and all that it imports, directly or not: clients need the whole to make sense of it. */
function descriptors(file: DescFile | undefined, what: string): Answer {
  if (file === undefined) return failed(Code.NotFound, `${what} is not known here`);
  const files = new Set<DescFile>();
  const add = (one: DescFile): void => {
    if (files.has(one)) return;
    files.add(one);
    one.dependencies.forEach(add);
  };
  add(file);
  const fileDescriptorProto = [...files].map((one) => toBinary(FileDescriptorProtoSchema, one.proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } } as Answer;
}

function services(index: Index): Answer {
  return { case: "listServicesResponse", value: { service: index.services.map((name) => ({ name })) } } as Answer;
}

function extensionNumbers(typeName: string, index: Index): Answer {
  if (!index.filesBySymbol.has(typeName)) return failed(Code.NotFound, `type ${typeName} is not known here`);
  const extensionNumber = [...(index.extensions.get(typeName)?.keys() ?? [])];
  return { case: "allExtensionNumbersResponse", value: { baseTypeName: typeName, extensionNumber } } as Answer;
}

function failed(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } } as Answer;
}

/** Descriptors name their files without the suffix that imports have. */
function fileName(file: DescFile): string {
  return file.proto.name;
}
