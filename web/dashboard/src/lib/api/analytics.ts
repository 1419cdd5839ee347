// The ways to the figures of the business and of its bots.
import { BUSINESS } from "./business";
import { ask } from "./client";
import { inPath } from "./gateway";
import type { Schemas } from "./types";

/** The days that figures are of, both included, and what narrows them. */
export interface Period {
  from: string;
  to: string;
  channel: string;
  sessionId: string;
}

export type Analytics = Schemas["BusinessAnalytics"];
export type AgentFigures = Schemas["BusinessAgentFigures"];
export type Ad = Schemas["BusinessAd"];
export type Csat = Schemas["BusinessCsatAnalytics"];
export type BotFigures = Schemas["WorkspaceBotAnalytics"];
export type Topics = Schemas["WorkspaceTopicAnalytics"];

const FIGURES = `${BUSINESS}/analytics`;
/** A year of many sessions is read day by day. */
const DEADLINE = 120_000;

const read = <T>(path: string, query: Period) =>
  ask<T>(path, { query: { ...query }, deadline: DEADLINE });

export const readAnalytics = (period: Period) => read<Analytics>(FIGURES, period);

export const readAgents = (period: Period) =>
  read<Schemas["BusinessAgentAnalytics"]>(`${FIGURES}/agents`, period)
    .then(({ agents }) => agents);

export const readAds = (period: Period) =>
  read<Schemas["BusinessAdAnalytics"]>(`${FIGURES}/ctwa`, period).then(({ ads }) => ads);

export const readCsat = (period: Period) => read<Csat>(`${FIGURES}/csat`, period);

export const readBotFigures = (bot: string, { from, to }: Period) =>
  ask<BotFigures>(`api/v1/analytics/${inPath(bot)}`, { query: { from, to } });

export const readTopics = (bot: string, { from, to }: Period) =>
  ask<Topics>(`api/v1/analytics/${inPath(bot)}/topics`, { query: { from, to, limit: 20 } });
