// The ways to the settings of the business.
import { BUSINESS } from "./business";
import { ask } from "./client";
import type { Schemas } from "./types";

export type Settings = Schemas["BusinessSettings"];
export type SettingsChange = Schemas["BusinessSettingsChange"];
export type Status = Schemas["BusinessStatus"];

export const readSettings = () => ask<Settings>(`${BUSINESS}/settings`);

export const changeSettings = (change: SettingsChange) =>
  ask<Settings>(`${BUSINESS}/settings`, { method: "PATCH", body: change });

/** Whether WhatsApp and text messages are connected. */
export const readStatus = () => ask<Status>(`${BUSINESS}/status`);
