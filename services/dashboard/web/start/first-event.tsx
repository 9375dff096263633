import { Template } from "@millrace/api/millrace/config/v1/project_pb";
import { type ReactNode, useState } from "react";
import { CopyButton } from "../copy/copy-button.tsx";
import { Tabs } from "../panel/tabs.tsx";
import { useWorkspace } from "../project/workspace.tsx";
import { problemOf } from "../rpc/problem.ts";
import { firstCommand, firstCurl, scriptTag } from "./first-lines.ts";
import { newBrowserKey, newServerKey } from "./new-key.ts";
import { originOf } from "./origin.ts";
import "./start.css";

/** What a project shows that nothing was ever sent to: the lines to paste. It goes when the first event arrives. */
export function FirstEvent(): ReactNode {
  const { project } = useWorkspace();
  const isWeb = project.template === Template.WEB;
  const ways = ["Command line", ...(isWeb ? ["Web page"] : []), "curl"];
  const [place, setPlace] = useState(0);
  const way = ways[place] ?? ways[0];
  return (
    <section className="start" aria-label="Send the first event">
      <div className="start-head">
        <h2 className="start-title">Send the first event</h2>
        <p className="start-wait">
          <span className="online-dot online-on" /> Listening. This turns into the chart when it arrives.
        </p>
      </div>
      <Tabs label="Ways to send" titles={ways} chosen={place} onChoose={setPlace} />
      <div className="start-way">
        {way === "Web page" && <WebPage />}
        {way === "Command line" && <CommandLine />}
        {way === "curl" && <Curl />}
      </div>
    </section>
  );
}

function CommandLine(): ReactNode {
  const { project } = useWorkspace();
  return (
    <>
      <p>In a terminal where the server runs:</p>
      <Code text={firstCommand(project)} />
      {project.template === Template.WEB && (
        <>
          <p>Or see what it looks like with made-up visitors:</p>
          <Code text={`npx millrace demo --project ${project.projectId}`} />
        </>
      )}
    </>
  );
}

function Curl(): ReactNode {
  const { project } = useWorkspace();
  const key = useKey(() => newServerKey(project.projectId));
  return (
    <>
      <p>From anywhere that reaches this server, with a key that may send events to this project:</p>
      {key.text === undefined && <KeyButton {...key} title="Make a key" />}
      <Code text={firstCurl(project, location.origin, key.text ?? "YOUR_KEY")} />
      {key.text !== undefined && <Once />}
    </>
  );
}

function WebPage(): ReactNode {
  const { project } = useWorkspace();
  const [site, setSite] = useState("");
  const origin = originOf(site);
  const key = useKey(() => newBrowserKey(project.projectId, origin ?? ""));
  return (
    <>
      <p>Every page of your site gets one line. Its key can be read by anybody, so it only works on your site.</p>
      {key.text === undefined ? (
        <form
          className="start-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (origin !== undefined) key.make();
          }}
        >
          <label className="field start-site">
            Your site
            <input
              className="input"
              value={site}
              placeholder="https://example.org"
              inputMode="url"
              autoCapitalize="off"
              spellCheck={false}
              onChange={(event) => setSite(event.target.value)}
            />
          </label>
          <KeyButton {...key} title="Make the line" isSubmit disabled={origin === undefined} />
        </form>
      ) : (
        <>
          <Code text={scriptTag(location.origin, key.text)} />
          <p>
            Put it into the <code>&lt;head&gt;</code> of the pages of <strong>{origin}</strong>, then open one of them.
          </p>
          <Once />
        </>
      )}
    </>
  );
}

function Once(): ReactNode {
  return (
    <p className="quiet">
      The key is shown this once. Keys are listed and revoked with <code>npx millrace key</code>.
    </p>
  );
}

function Code({ text }: { readonly text: string }): ReactNode {
  return (
    <div className="code">
      <CopyButton text={text} className="button button-small">
        Copy
      </CopyButton>
      <pre>{text}</pre>
    </div>
  );
}

type Key = {
  readonly text: string | undefined;
  readonly busy: boolean;
  readonly problem: string | undefined;
  readonly make: () => void;
};

function useKey(create: () => Promise<string>): Key {
  const [text, setText] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | undefined>();
  async function make(): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      setText(await create());
    } catch (error) {
      setProblem(problemOf(error).detail);
    } finally {
      setBusy(false);
    }
  }
  return { text, busy, problem, make: () => void make() };
}

function KeyButton(
  props: Key & { readonly title: string; readonly isSubmit?: boolean; readonly disabled?: boolean },
): ReactNode {
  const { busy, problem, make, isSubmit } = props;
  return (
    <>
      <button
        type={isSubmit ? "submit" : "button"}
        className="button button-main"
        disabled={busy || (props.disabled ?? false)}
        onClick={isSubmit ? undefined : make}
      >
        {busy ? "One moment …" : props.title}
      </button>
      {problem !== undefined && (
        <p className="bad" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
