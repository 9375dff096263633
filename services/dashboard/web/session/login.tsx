import { type FormEvent, type ReactNode, useState } from "react";
import { Mark } from "../project/mark.tsx";
import { signIn } from "./session.ts";

/** Asks for the one-time token that opens a session, and says where there is one. */
export function Login({ reason }: { readonly reason: string | undefined }): ReactNode {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    await signIn(tokenOf(token));
    setBusy(false);
  }
  return (
    <main className="alone" id="content">
      <div className="card">
        <Mark size={40} />
        <h1 className="card-title">Sign in to Millrace</h1>
        <form className="card-form" onSubmit={(event) => void submit(event)}>
          <label className="field">
            One-time token
            <input
              className="input"
              value={token}
              onChange={(event) => setToken(event.target.value)}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              aria-describedby="token-help"
              aria-invalid={reason !== undefined}
            />
          </label>
          {reason !== undefined && (
            <p className="bad" role="alert">
              {reason}
            </p>
          )}
          <button type="submit" className="button button-main" disabled={busy || token.trim() === ""}>
            {busy ? "Signing in …" : "Sign in"}
          </button>
        </form>
        <div id="token-help" className="card-help">
          <p>Where the server runs, this opens the page with a new token:</p>
          <div className="code">
            <pre>npx millrace open</pre>
          </div>
          <p className="quiet">
            The server prints such a link as well when it starts. A token works once, within 15 minutes.
          </p>
        </div>
      </div>
    </main>
  );
}

/** People paste the whole link. */
function tokenOf(text: string): string {
  const found = /#token=([^&\s]+)/.exec(text);
  return (found?.[1] ?? text).trim();
}
