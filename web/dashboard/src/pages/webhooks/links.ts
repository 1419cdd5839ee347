// The addresses of webhooks within the dashboard.
import { href } from "../../lib/address";
import type { Scope } from "../../lib/api/webhooks";
import { WEBHOOK } from "../../routes";

export function toWebhook(scope: Scope, id: string, tab = ""): string {
  const query = { ...(scope !== null && { session: scope }), ...(tab && { tab }) };
  return href(WEBHOOK, { id }, query);
}
