// The ways to the settings of the business.
import { BUSINESS } from "./business";
import { ask } from "./client";
import type { Schemas } from "./types";

export type Settings = Schemas["BusinessSettings"];
export type SettingsChange = Schemas["BusinessSettingsChange"];
export type Status = Schemas["BusinessStatus"];

/** The language model of the configuration, and how it answered last. */
export type Model = Schemas["LanguageModel"];
export type ModelTest = Schemas["LanguageModelTest"];

const MODEL = "api/v1/assistant";
/** A model may take its time. */
const ANSWER_DEADLINE = 120_000;

export const readSettings = () => ask<Settings>(`${BUSINESS}/settings`);

export const changeSettings = (change: SettingsChange) =>
  ask<Settings>(`${BUSINESS}/settings`, { method: "PATCH", body: change });

/** Whether WhatsApp and text messages are connected. */
export const readStatus = () => ask<Status>(`${BUSINESS}/status`);

export const readModel = () => ask<Model>(MODEL);

/** Asks it for one word; that it gives none is no failure of the request. */
export const testModel = () =>
  ask<ModelTest>(`${MODEL}/test`, { method: "POST", deadline: ANSWER_DEADLINE });
