const KEY = "millrace.project";

/** The project that was looked at last in this browser. */
export function rememberedProject(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a project for the next time; without a store nothing is remembered. */
export function rememberProject(projectId: string): void {
  try {
    localStorage.setItem(KEY, projectId);
  } catch {
    // Private windows may have none.
  }
}
