import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import type { Project } from "@millrace/api/millrace/config/v1/project_pb";
import { ProjectService } from "@millrace/api/millrace/config/v1/project_service_pb";
import { ReportingService } from "@millrace/api/millrace/reporting/v1/reporting_service_pb";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Catalog } from "../question/catalog.ts";
import type { Question } from "../question/question.ts";
import { type Problem, problemOf } from "../rpc/problem.ts";
import { type Every, usualEvery } from "../time/granularity.ts";
import { type Step, useView } from "../url/address.ts";
import type { View } from "../url/view.ts";
import { PROJECTS_MAX } from "./early.ts";
import { rememberedProject, rememberProject } from "./remembered-project.ts";

/** Where one is, and what is looked at. */
export type Workspace = {
  readonly projects: readonly Project[];
  readonly project: Project;
  readonly catalog: Catalog;
  readonly view: View;
  /** Changes the view, and so the address. */
  readonly change: (change: (view: View) => View, step?: Step) => void;
  /** The zone of everything: the view's, else the project's. */
  readonly zone: string;
  /** The width of buckets: the view's, else the usual one of its range. */
  readonly every: Every;
};

const Context = createContext<Workspace | undefined>(undefined);

/** Where one is, and what is looked at. Only within {@link WorkspaceProvider}. */
export function useWorkspace(): Workspace {
  const workspace = useContext(Context);
  if (workspace === undefined) throw new Error("there is no workspace around this");
  return workspace;
}

/** What every question about what is looked at begins with. */
export function useAsked(): Pick<Question, "project" | "range" | "zone" | "filters" | "compare"> {
  const { project, view, zone } = useWorkspace();
  const { range, filters, compare } = view;
  return useMemo(
    () => ({ project: project.projectId, range, zone, filters, compare }),
    [project.projectId, range, zone, filters, compare],
  );
}

/** Finds out which project is meant and what can be asked about it, and shows `loading` or what went wrong meanwhile. */
export function WorkspaceProvider(props: {
  readonly loading: ReactNode;
  readonly failed: (problem: Problem) => ReactNode;
  readonly none: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  const [view, change] = useView();
  const listed = useQuery(ProjectService.method.listProjects, { pageSize: PROJECTS_MAX });
  const projects = listed.data?.projects ?? [];
  const wanted = view.project ?? rememberedProject();
  const project =
    projects.find(({ projectId }) => projectId === wanted) ?? (view.project ? undefined : oldest(projects));
  // Asked before the list is there: the project is nearly always the one that was looked at last.
  const projectId = project?.projectId ?? wanted ?? "";
  const asked = useQuery(ReportingService.method.getCatalog, { projectId }, { enabled: projectId !== "" });
  const catalog = asked.data?.projectId === projectId ? asked.data : undefined;
  const workspace = useMemo(() => {
    if (project === undefined || catalog === undefined) return undefined;
    rememberProject(project.projectId);
    const zone = view.zone ?? (project.timeZone || "UTC");
    return { projects, project, catalog, view, change, zone, every: view.every ?? usualEvery(view.range) };
  }, [projects, project, catalog, view, change]);

  if (workspace !== undefined) return <Context value={workspace}>{props.children}</Context>;
  if (listed.data !== undefined && projects.length === 0) return props.none;
  if (listed.data !== undefined && project === undefined) return props.failed(noSuchProject(wanted ?? ""));
  const error = listed.error ?? asked.error;
  return error === null ? props.loading : props.failed(problemOf(error));
}

/** The project that was there first: the one that a first start makes, or that a person began with. */
function oldest(projects: readonly Project[]): Project | undefined {
  const createdMs = ({ createTime }: Project): number => (createTime === undefined ? 0 : timestampMs(createTime));
  return projects.toSorted((a, b) => createdMs(a) - createdMs(b))[0];
}

function noSuchProject(projectId: string): Problem {
  return { kind: "refused", title: "No such project", detail: `There is no project "${projectId}" that you may see.` };
}
