import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Scope } from "@millrace/api/millrace/access/v1/scope_pb";
import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { MAIN_FAMILY, readableFamilies, templateMetrics, templateRollups } from "@millrace/rollup";
import { describe, expect, it } from "vitest";
import { failing, openConfig, START_MS } from "../test-config.ts";

const HOUR_S = 3_600n;

describe("creating a project", () => {
  it("fills in what was left out", async () => {
    const { projects } = await openConfig();
    const { project } = await projects.createProject({ project: { projectId: "blog" } });
    expect(project).toMatchObject({
      projectId: "blog",
      displayName: "blog",
      timeZone: "UTC",
      template: Template.UNSPECIFIED,
      lateWindow: { seconds: 48n * HOUR_S },
      spread: 1,
      retention: { minute: { seconds: 7n * 24n * HOUR_S }, quarterHour: { seconds: 396n * 24n * HOUR_S } },
      revision: 1n,
    });
    expect(timestampMs(project!.createTime!)).toBe(START_MS);
    expect((await projects.getProject({ projectId: "blog" })).project).toEqual(project);
  });

  it.each([Template.WEB, Template.SERVICE, Template.SHOP])(
    "of template %i starts with the template's metrics and rollups, laid out",
    async (template) => {
      const { projects, snapshot } = await openConfig();
      await projects.createProject({ project: { projectId: "p", template, timeZone: "europe/berlin" } });
      const { definitions } = await snapshot.getDefinitions({ projectId: "p" });
      expect(definitions!.metrics.map(({ name }) => name)).toEqual(templateMetrics(template).map(({ name }) => name));
      expect(definitions!.rollups.map(({ name }) => name)).toEqual(templateRollups(template).map(({ name }) => name));
      expect(definitions!.metrics.every(({ builtIn, projectId }) => builtIn && projectId === "p")).toBe(true);
      expect(definitions).toMatchObject({ revision: 1n, timeZone: "Europe/Berlin", dayOffsetsMinutes: [60, 120] });
      expect(definitions).toMatchObject({ processingVersion: 1, spread: 1 });
      expect(definitions!.lateWindows).toHaveLength(1);
      expect(definitions!.lateWindows[0]!.startTime).toBeUndefined();
      expect(readableFamilies(definitions!).map(({ name }) => name)).toContain(MAIN_FAMILY);
    },
  );

  it("leaves the template itself as it was", async () => {
    const { projects } = await openConfig();
    await projects.createProject({ project: { projectId: "p", template: Template.SHOP } });
    expect(templateMetrics(Template.SHOP)[0]!.projectId).toBe("");
  });

  it("with an id that is taken fails", async () => {
    const { projects } = await openConfig();
    await projects.createProject({ project: { projectId: "blog" } });
    const failure = await failing(projects.createProject({ project: { projectId: "blog" } }));
    expect(failure).toMatchObject({ code: "AlreadyExists", reason: "PROJECT_EXISTS" });
    expect(failure.message).toContain('"blog"');
  });

  it("of many at once with one id succeeds for one", async () => {
    const { projects } = await openConfig();
    const calls = Array.from({ length: 8 }, () => projects.createProject({ project: { projectId: "blog" } }));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it.each([
    [{ projectId: "" }, "FIELD_INVALID", "project_id"],
    [{ projectId: "Blog" }, "FIELD_INVALID", "project_id"],
    [{ projectId: "a".repeat(64) }, "FIELD_INVALID", "project_id"],
    [{ projectId: "blog", timeZone: "Mars/Olympus" }, "TIME_ZONE_UNKNOWN", '"Mars/Olympus"'],
    [{ projectId: "blog", spread: 1_025 }, "FIELD_INVALID", "spread"],
    [{ projectId: "blog", lateWindow: { seconds: 59n } }, "FIELD_INVALID", "late_window"],
    [{ projectId: "blog", lateWindow: { seconds: 7n * 24n * HOUR_S + 1n } }, "FIELD_INVALID", "late_window"],
    [{ projectId: "blog", retention: { minute: { seconds: 60n } } }, "FIELD_INVALID", "retention"],
  ])("refuses %o", async (project, reason, named) => {
    const { projects } = await openConfig();
    const failure = await failing(projects.createProject({ project }));
    expect(failure).toMatchObject({ code: "InvalidArgument", reason });
    expect(failure.message).toContain(named);
  });

  it("is not for keys of a project, nor for keys that may only read", async () => {
    const { as } = await openConfig();
    const call = { project: { projectId: "other" } };
    expect(await failing(as("blog").projects.createProject(call))).toMatchObject({ code: "PermissionDenied" });
    const reader = as(undefined, [Scope.REPORT]);
    expect(await failing(reader.projects.createProject(call))).toMatchObject({ reason: "SCOPE_MISSING" });
  });
});

describe("reading projects", () => {
  it("gives them by id, page by page, each once", async () => {
    const { projects } = await openConfig();
    const ids = Array.from({ length: 7 }, (_, i) => `p${i}`);
    for (const projectId of ids.toReversed()) await projects.createProject({ project: { projectId } });
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await projects.listProjects({ pageSize: 3, pageToken });
      expect(page.projects.length).toBeLessThanOrEqual(3);
      seen.push(...page.projects.map(({ projectId }) => projectId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(ids);
  });

  it("reads on where more are asked for than are in memory at once", async () => {
    const { projects } = await openConfig();
    for (let i = 0; i < 103; i++) await projects.createProject({ project: { projectId: `p${i}` } });
    expect((await projects.listProjects({ pageSize: 1_000 })).projects).toHaveLength(103);
    expect((await projects.listProjects({})).projects).toHaveLength(100);
  });

  it("refuses a page token that is damaged or comes from another question", async () => {
    const { projects, keys } = await openConfig();
    for (const projectId of ["a", "b"]) await projects.createProject({ project: { projectId } });
    const { nextPageToken } = await projects.listProjects({ pageSize: 1 });
    for (const pageToken of ["x", `${nextPageToken}!`, "AAAAAAAAAAAAAAAA"]) {
      expect(await failing(projects.listProjects({ pageToken }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
    }
    const other = await failing(keys.listApiKeys({ pageToken: nextPageToken }));
    expect(other).toMatchObject({ code: "InvalidArgument", reason: "PAGE_TOKEN_INVALID" });
  });

  it("of a project that does not exist fails, and of none at all says which to name", async () => {
    const { projects } = await openConfig();
    expect(await failing(projects.getProject({ projectId: "none" }))).toMatchObject({ reason: "PROJECT_NOT_FOUND" });
    expect(await failing(projects.getProject({}))).toMatchObject({ reason: "PROJECT_REQUIRED" });
  });

  it("with a project's key gives that project, and says of no other that it exists", async () => {
    const { projects, as } = await openConfig();
    for (const projectId of ["a", "b"]) await projects.createProject({ project: { projectId } });
    const own = as("a").projects;
    expect((await own.getProject({})).project!.projectId).toBe("a");
    expect((await own.listProjects({})).projects.map(({ projectId }) => projectId)).toEqual(["a"]);
    const other = await failing(own.getProject({ projectId: "b" }));
    const absent = await failing(own.getProject({ projectId: "c" }));
    expect(other).toEqual({ ...absent, message: absent.message.replace('"c"', '"b"') });
    expect(other).toMatchObject({ code: "NotFound", reason: "PROJECT_NOT_FOUND" });
  });
});

describe("updating a project", () => {
  async function withBlog() {
    const config = await openConfig();
    const { project } = await config.projects.createProject({ project: { projectId: "blog" } });
    const update = (fields: object, paths: string[], client = config.projects) =>
      client.updateProject({ project: { projectId: "blog", ...fields }, updateMask: { paths } });
    const newest = async () => (await config.snapshot.getDefinitions({ projectId: "blog" })).definitions!;
    return { ...config, project: project!, update, newest };
  }

  it("changes what the mask names and nothing else", async () => {
    const { update, clock } = await withBlog();
    clock.nowMs += 1_000;
    const { project } = await update({ displayName: "My blog", spread: 4, timeZone: "Asia/Tokyo" }, ["display_name"]);
    expect(project).toMatchObject({ displayName: "My blog", spread: 1, timeZone: "UTC" });
    expect(timestampMs(project!.updateTime!)).toBe(START_MS + 1_000);
    expect(timestampMs(project!.createTime!)).toBe(START_MS);
  });

  it("makes a new revision for what decides how events are counted, and none for a name", async () => {
    const { update } = await withBlog();
    expect((await update({ displayName: "x" }, ["display_name"])).project!.revision).toBe(1n);
    expect((await update({ spread: 2 }, ["spread"])).project!.revision).toBe(2n);
    expect((await update({ spread: 2 }, ["spread"])).project!.revision).toBe(2n);
    const retention = { minute: { seconds: 24n * HOUR_S } };
    expect((await update({ retention }, ["retention"])).project).toMatchObject({ revision: 3n, retention });
    expect((await update({ lateWindow: { seconds: HOUR_S } }, ["late_window"])).project!.revision).toBe(4n);
  });

  it("keeps the late windows of before, each new one from now on", async () => {
    const { update, clock, newest } = await withBlog();
    clock.nowMs += 5_000;
    await update({ lateWindow: { seconds: HOUR_S } }, ["late_window"]);
    clock.nowMs -= 2_000; // A clock that was put back.
    await update({ lateWindow: { seconds: 2n * HOUR_S } }, ["late_window"]);
    const { lateWindows } = await newest();
    expect(lateWindows.map(({ window }) => window!.seconds)).toEqual([48n * HOUR_S, HOUR_S, 2n * HOUR_S]);
    const starts = lateWindows.map(({ startTime }) => startTime && timestampMs(startTime));
    expect(starts).toEqual([undefined, START_MS + 5_000, START_MS + 5_000]);
  });

  it("never shrinks the spread", async () => {
    const { update } = await withBlog();
    await update({ spread: 8 }, ["spread"]);
    const failure = await failing(update({ spread: 4 }, ["spread"]));
    expect(failure).toMatchObject({ code: "InvalidArgument", reason: "FIELD_INVALID" });
    expect(failure.message).toMatch(/project\.spread: is 4.*8.*never shrinks/);
  });

  it("refuses a mask that names nothing, something fixed, or something unknown", async () => {
    const { update } = await withBlog();
    expect((await failing(update({}, []))).message).toContain("display_name, late_window, spread, retention");
    expect((await failing(update({}, ["time_zone"]))).message).toContain("time_zone is fixed");
    expect((await failing(update({}, ["late_windw"]))).message).toContain('did you mean "late_window"?');
  });

  it("with the etag of an older state fails, and changes nothing", async () => {
    const { update, project, newest } = await withBlog();
    const { project: second } = await update({ spread: 2, etag: project.etag }, ["spread"]);
    const failure = await failing(update({ spread: 3, etag: project.etag }, ["spread"]));
    expect(failure).toMatchObject({ code: "Aborted", reason: "ETAG_MISMATCH" });
    expect((await newest()).spread).toBe(2);
    expect((await update({ spread: 3, etag: second!.etag }, ["spread"])).project!.spread).toBe(3);
  });

  it("of another project is not for a project's key", async () => {
    const { update, as } = await withBlog();
    const failure = await failing(update({ spread: 2 }, ["spread"], as("other").projects));
    expect(failure).toMatchObject({ code: "NotFound", reason: "PROJECT_NOT_FOUND" });
    expect((await update({ spread: 2 }, ["spread"], as("blog").projects)).project!.spread).toBe(2);
  });
});
