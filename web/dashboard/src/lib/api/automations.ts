// The ways to rules of bots, and to flows.
import { BUSINESS } from "./business";
import { ask } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

export type Rule = Schemas["WorkspaceAutomation"];
export type RuleDraft = Schemas["WorkspaceAutomationDraft"];
export type RuleChange = Schemas["WorkspaceAutomationChange"];
export type Condition = Schemas["WorkspaceAutomationCondition"];
export type Action = Schemas["WorkspaceAutomationAction"];
export type Trigger = Schemas["WorkspaceAutomationTrigger"];
export type Run = Schemas["WorkspaceAutomationRun"];
export type Trial = Schemas["WorkspaceAutomationTest"];
export type TrialDraft = Schemas["WorkspaceAutomationTestBody"];
export type Webhook = Schemas["WorkspaceWebhook"];
export type Flow = Schemas["Flow"];
export type FlowDraft = Schemas["FlowDraft"];
export type FlowChange = Schemas["FlowChange"];
export type Step = Schemas["FlowStep"];

/** Milliseconds. */
const UPLOAD_DEADLINE = 180_000;
const RULES = "api/v1/automations";
const FLOWS = `${BUSINESS}/flows`;

/** The rules of a bot, in the order in which they are tried. */
export const listRules = (bot: string) =>
  ask<Schemas["WorkspaceAutomations"]>(`${RULES}/${inPath(bot)}`)
    .then(({ automations }) => automations);

export const createRule = (draft: RuleDraft) => ask<Rule>(RULES, { method: "POST", body: draft });

export const changeRule = (id: string, change: RuleChange) =>
  ask<Rule>(`${RULES}/${inPath(id)}`, { method: "PUT", body: change });

export const deleteRule = (id: string) =>
  ask<unknown>(`${RULES}/${inPath(id)}`, { method: "DELETE" });

/** Whether a message would start a rule; nothing is done. */
export const tryRule = (id: string, draft: TrialDraft) =>
  ask<Trial>(`${RULES}/${inPath(id)}/test`, { method: "POST", body: draft });

/** The newest hundred. */
export const listRuns = (id: string) =>
  ask<Schemas["WorkspaceAutomationRuns"]>(`${RULES}/${inPath(id)}/runs`).then(({ runs }) => runs);

/** Those that a rule of the bot can call. */
export const listBotWebhooks = (bot: string) =>
  ask<Schemas["WorkspaceWebhooks"]>(`api/v1/webhooks/${inPath(bot)}`)
    .then(({ webhooks }) => webhooks);

/** All flows, in the order in which they are tried. */
export const listFlows = () => ask<Schemas["Flows"]>(FLOWS).then(({ flows }) => flows);

/** The newest hundred, as those of rules. */
export const listFlowRuns = (id: string) =>
  ask<Schemas["FlowRuns"]>(`${FLOWS}/${inPath(id)}/runs`).then(({ runs }) =>
    runs.map(({ conversationId, ...run }): Run => ({ ...run, session_id: conversationId })));

/** Takes a file in that a step sends; its id. */
export function uploadFile(file: File): Promise<string> {
  const body = new FormData();
  body.append("file", file);
  const options = { method: "POST", body, deadline: UPLOAD_DEADLINE } as const;
  return ask<Schemas["BusinessMedia"]>(`${BUSINESS}/media`, options)
    .then(({ mediaId }) => mediaId);
}

export const readFlow = (id: string) => ask<Flow>(`${FLOWS}/${inPath(id)}`);

export const createFlow = (draft: FlowDraft) => ask<Flow>(FLOWS, { method: "POST", body: draft });

export const changeFlow = (id: string, change: FlowChange) =>
  ask<Flow>(`${FLOWS}/${inPath(id)}`, { method: "PATCH", body: change });

export const deleteFlow = (id: string) =>
  ask<unknown>(`${FLOWS}/${inPath(id)}`, { method: "DELETE" });
