// Description of the page's state, for the error of a session that does not start.
import { wpp } from "./page";
import { attempt } from "./people";

let codeError = "";

/** Why there is no code; empty when there is one. */
export function noteCodeError(error: string): void {
  codeError = error;
}

export function standing(): string {
  const { conn, whatsapp } = wpp();
  const mode = attempt(() => (whatsapp.Stream as { mode?: string } | undefined)?.mode);
  const socket = attempt(() => (whatsapp.Socket as { state?: string } | undefined)?.state);
  const login = attempt(() => conn.isAuthenticated()) ? "linked" : "not linked";
  const parts = [`mode ${mode ?? "unknown"}`, `socket ${socket ?? "unknown"}`, login];
  if (codeError !== "") parts.push(`no code: ${codeError}`);
  return parts.join(", ");
}
