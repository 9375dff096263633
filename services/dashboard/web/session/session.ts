/**
 * Whether somebody is signed in.
 *
 * - `asking`: the server has not said yet.
 * - `out`: nobody is; `reason` says why, where something went wrong.
 * - `away`: the server did not answer.
 */
export type Session =
  | { readonly state: "asking" }
  | { readonly state: "in" }
  | { readonly state: "out"; readonly reason?: string }
  | { readonly state: "away" };

const listeners = new Set<() => void>();
let current: Session = { state: "asking" };

/** The session now. */
export function currentSession(): Session {
  return current;
}

/** Calls when the session has changed, until what it gives is called. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begins: with the token of the address, which leaves the address and the history at once; else with the cookie. */
export async function beginSession(): Promise<void> {
  window.addEventListener("hashchange", enterByLink);
  await enter();
}

/** A link that is pasted into the address bar of this very page loads nothing. */
function enterByLink(): void {
  if (location.hash.includes("token=")) void enter();
}

/** Exchanges a one-time token for the session's cookie. */
export async function signIn(token: string): Promise<void> {
  change(await exchange(token));
}

/** A link that was used already still opens the page for the browser that used it. */
async function enter(): Promise<void> {
  const token = takeToken();
  const entered = token === undefined ? undefined : await exchange(token);
  if (entered?.state === "in") return change(entered);
  const known = await askServer();
  change(known.state === "in" ? known : (entered ?? known));
}

async function askServer(): Promise<Session> {
  try {
    const response = await fetch("/session", { headers: { accept: "application/json" } });
    // What is not read to its end may keep its connection.
    await response.arrayBuffer();
    return response.ok ? { state: "in" } : response.status === 401 ? { state: "out" } : { state: "away" };
  } catch {
    return { state: "away" };
  }
}

async function exchange(token: string): Promise<Session> {
  try {
    const response = await fetch("/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    return response.ok ? { state: "in" } : { state: "out", reason: await reasonOf(response) };
  } catch {
    return { state: "out", reason: "The server does not answer. Is it running?" };
  }
}

/** Ends the session, here and on the server. */
export async function signOut(): Promise<void> {
  await fetch("/session", { method: "DELETE" }).catch(() => undefined);
  change({ state: "out" });
}

/** The server no longer knows the session. */
export function endSession(): void {
  if (current.state === "in") change({ state: "out", reason: "Your session has ended. Sign in again to go on." });
}

function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

async function reasonOf(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  try {
    const { message } = JSON.parse(text) as { message?: string };
    if (message) return message.charAt(0).toUpperCase() + message.slice(1);
  } catch {
    // Not every server in between answers JSON.
  }
  return response.status === 429
    ? "Too many attempts. Wait a moment, then try again."
    : "This token is not valid: each works once, for 15 minutes.";
}

function change(session: Session): void {
  current = session;
  for (const listener of listeners) listener();
}
