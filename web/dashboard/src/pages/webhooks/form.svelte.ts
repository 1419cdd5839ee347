// What is filled in about a webhook, as a form holds it, and as the gateway takes it.
import type { Failure } from "../../lib/api/failure";
import { MASK, type Retries, type Webhook, type WebhookDraft } from "../../lib/api/webhooks";

export interface HeaderRow {
  id: number;
  name: string;
  value: string;
  /** Whether the gateway has its value, which stays while nothing is written in its place. */
  isKept: boolean;
}

export class WebhookForm {
  url = $state("");
  isEvery = $state(true);
  names = $state<string[]>([]);
  headers = $state<HeaderRow[]>([]);
  retries = $state<Retries>("full");
  secret = $state("");
  failure = $state.raw<Failure | undefined>();
  private number = 0;

  constructor(webhook?: Webhook) {
    if (!webhook) return;
    const isEvery = webhook.events.includes("*");
    [this.url, this.retries, this.isEvery] = [webhook.url, webhook.retries, isEvery];
    this.names = isEvery ? [] : [...webhook.events];
    for (const name of Object.keys(webhook.headers)) this.addHeader(name, true);
  }

  addHeader(name = "", isKept = false): void {
    this.number += 1;
    this.headers.push({ id: this.number, name, value: "", isKept });
  }

  removeHeader(id: number): void {
    this.headers = this.headers.filter((row) => row.id !== id);
  }

  toggle(name: string, isWanted: boolean): void {
    this.names = isWanted ? [...this.names, name] : this.names.filter((each) => each !== name);
  }

  draft(): WebhookDraft {
    const named = this.headers.filter((row) => row.name.trim() !== "");
    const value = (row: HeaderRow) => (row.isKept && row.value === "" ? MASK : row.value);
    return {
      url: this.url.trim(),
      events: this.isEvery ? ["*"] : this.names,
      headers: Object.fromEntries(named.map((row) => [row.name.trim(), value(row)])),
      retries: this.retries,
      secret: this.secret || undefined,
    };
  }

  /** What is wrong with a field, in the gateway's words. */
  fault(field: string): string | undefined {
    return this.failure?.field(field);
  }
}

/** Whether a failure is of no field that the form shows. */
export function isElsewhere(failure: Failure | undefined): boolean {
  const fields = ["url", "events", "headers", "secret"];
  return failure !== undefined && fields.every((field) => failure.field(field) === undefined);
}
