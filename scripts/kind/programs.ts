import { tool } from "../../test/harness/src/tools/index.ts";
import { answerOf } from "./run.ts";

/** How each program is asked whether it is there, and where it is to be had. */
const PROGRAMS = {
  docker: { question: ["--version"], from: "https://docs.docker.com/engine/install" },
  kind: { question: ["version"], from: "https://kind.sigs.k8s.io, or go install sigs.k8s.io/kind@v0.33.0" },
  kubectl: { question: ["version", "--client"], from: "https://kubernetes.io/docs/tasks/tools" },
  helm: { question: ["version"], from: "https://helm.sh/docs/intro/install" },
} as const;

type ProgramName = keyof typeof PROGRAMS;

/** The oldest kind that the nodes of kind-config.yaml are made for. */
const KIND_MINOR = 33;

/**
 * The programs by name, each as it is to be called: what is on the PATH, or the helm and kubectl that tests run.
 *
 * @throws Error that names everything that is missing, and where to get it
 */
export async function findPrograms<Name extends ProgramName>(...names: Name[]): Promise<Record<Name, string>> {
  const found: Partial<Record<ProgramName, string>> = {};
  const complaints: string[] = [];
  for (const name of names) {
    const program = await find(name);
    if (program === undefined) complaints.push(`${name} is missing: ${PROGRAMS[name].from}`);
    else found[name] = program;
  }
  if (
    found.docker !== undefined &&
    answerOf(found.docker, ["version", "--format", "{{.Server.Version}}"]) === undefined
  ) {
    complaints.push(
      "docker is there, but its engine does not answer: start it, or see whether you may use it (docker version)",
    );
  }
  if (found.kind !== undefined) complaints.push(...complaintsOfKind(answerOf(found.kind, ["version"])));
  if (complaints.length > 0) throw new Error(complaints.join("\n               "));
  return found as Record<Name, string>;
}

async function find(name: ProgramName): Promise<string | undefined> {
  if (answerOf(name, PROGRAMS[name].question) !== undefined) return name;
  if (name !== "kubectl" && name !== "helm") return undefined;
  process.stdout.write(
    `${name} is not on the PATH: the one that tests run is taken, and brought where it is missing\n`,
  );
  return tool(name).catch(() => undefined);
}

/** What is wrong with a version such as `kind v0.33.0 go1.26.0 linux/amd64`. */
function complaintsOfKind(version: string | undefined): string[] {
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (major === undefined || Number(major) > 0 || Number(minor) >= KIND_MINOR) return [];
  return [
    `kind v0.${minor} is too old for the nodes of kind-config.yaml: get v0.${KIND_MINOR} or newer, ${PROGRAMS.kind.from}`,
  ];
}
