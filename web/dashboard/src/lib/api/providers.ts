// The ways to the providers of mail, text messages and payments.
import { call } from "./client";
import type { Schemas } from "./types";

export type Provider = Schemas["Provider"];
export type Service = Provider["service"];
export type ProviderTest = Schemas["ProviderTest"];

const PROVIDERS = "api/v1/providers";
/** A provider may take its time. */
const ANSWER_DEADLINE = 120_000;

export const listProviders = () => call<Provider[]>(PROVIDERS);

/** Sends one thing through a provider; that it fails is no failure of the request. */
export const testProvider = (service: Service, body?: { to: string }) =>
  call<ProviderTest>(`${PROVIDERS}/${service}/test`, {
    method: "POST", deadline: ANSWER_DEADLINE, ...(body && { body }),
  });
