import type { ReactNode } from "react";
import { Dropdown } from "../menu/dropdown.tsx";
import { Icon } from "../menu/icons.tsx";
import { signOut } from "../session/session.ts";
import { nextTheme, useTheme } from "../theme/theme.ts";
import { usePath, useSearch } from "../url/address.ts";
import { Link } from "../url/link.tsx";
import { DEFAULT_VIEW, writeView } from "../url/view.ts";
import { Mark } from "./mark.tsx";
import { useWorkspace } from "./workspace.tsx";

const THEMES = { auto: "as the system", light: "light", dark: "dark" } as const;
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" } as const;

/** The top of the page: which project, which of its views, who is here now, and the way out. */
export function Header({ children }: { readonly children?: ReactNode }): ReactNode {
  const path = usePath();
  const view = writeView(useWorkspace().view);
  const { chosen } = useTheme();
  const search = useSearch();
  return (
    <header className="top">
      <a className="skip" href="#content">
        Skip to content
      </a>
      <Mark />
      <ProjectSwitch />
      <nav className="top-nav" aria-label="Views">
        <Link path="/" search={path === "/" ? search : view} current={path === "/"} className="top-link">
          Overview
        </Link>
        <Link
          path="/explore"
          search={path === "/explore" ? search : view}
          current={path === "/explore"}
          className="top-link"
        >
          Explore
        </Link>
      </nav>
      <div className="top-space" />
      {children}
      <button
        type="button"
        className="button button-bare button-icon"
        aria-label={`Theme: ${THEMES[chosen]}. Change it.`}
        title={`Theme: ${THEMES[chosen]}`}
        onClick={nextTheme}
      >
        <Icon name={THEME_ICONS[chosen]} />
      </button>
      <button
        type="button"
        className="button button-bare button-icon"
        aria-label="Sign out"
        title="Sign out"
        onClick={() => void signOut()}
      >
        <Icon name="leave" />
      </button>
    </header>
  );
}

function ProjectSwitch(): ReactNode {
  const { projects, project, change } = useWorkspace();
  const name = project.displayName || project.projectId;
  if (projects.length < 2) return <h1 className="project-name">{name}</h1>;
  return (
    <h1 className="project-name">
      <Dropdown
        label={
          <>
            <span className="project-label">{name}</span> <Icon name="chevron" size={14} />
          </>
        }
        title={`Project: ${name}. Change it.`}
        className="button button-bare project-button"
      >
        {(close) => (
          <ul className="menu menu-long">
            {projects.map(({ projectId, displayName }) => (
              <li key={projectId}>
                <button
                  type="button"
                  className="menu-item"
                  aria-current={projectId === project.projectId}
                  onClick={() => {
                    // Filters and metrics are the other project's own; the time is the person's.
                    change(({ range, compare }) => ({ ...DEFAULT_VIEW, range, compare, project: projectId }));
                    close();
                  }}
                >
                  {displayName || projectId}
                  {displayName && displayName !== projectId && <span className="quiet">{projectId}</span>}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Dropdown>
    </h1>
  );
}
