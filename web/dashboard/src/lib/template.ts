// What a template looks like once its variables are filled in, and what fills them. Shared by the
// pages that write templates and those that send them.
import type { Component, TemplateComponent } from "./api/broadcasts";
import { isRecord } from "./api/failure";

/** A place in a template that a sender fills. */
export interface Slot {
  /** One of a template's own, for what is typed. */
  key: string;
  part: "header" | "body" | "button";
  /** The number within the braces; of a button, its place. */
  number: number;
  /** The kind of file, where the header is one. */
  file?: "image" | "video" | "document";
}

const VARIABLE = /\{\{(\d+)\}\}/g;

const numbersIn = (text: string): number[] =>
  [...new Set([...text.matchAll(VARIABLE)].map(([, digits]) => Number(digits)))]
    .sort((one, other) => one - other);

export function slotsOf(components: readonly TemplateComponent[]): Slot[] {
  return components.flatMap(({ type, format, text = "", buttons = [] }): Slot[] => {
    if (type === "HEADER" && format && format !== "TEXT") {
      const file = format === "IMAGE" ? "image" : format === "VIDEO" ? "video" : "document";
      return [{ key: "header file", part: "header", number: 0, file }];
    }
    if (type === "HEADER" || type === "BODY") {
      const part = type === "HEADER" ? "header" : "body";
      return numbersIn(text).map((number) => ({ key: `${part} ${number}`, part, number }));
    }
    return buttons.flatMap(({ url = "" }, place) =>
      (numbersIn(url).length
        ? [{ key: `button ${place}`, part: "button" as const, number: place }]
        : []));
  });
}

/** The parameters of a send, in the form of Meta's API. */
export function parametersOf(slots: Slot[], values: Record<string, string>): Component[] {
  const textOf = ({ key }: Slot) => (values[key] ?? "").trim();
  const of = (part: Slot["part"]) => slots.filter((slot) => slot.part === part);
  const header = of("header").map((slot) =>
    (slot.file
      ? { type: slot.file, [slot.file]: addressed(textOf(slot)) }
      : { type: "text", text: textOf(slot) }));
  const body = of("body").map((slot) => ({ type: "text", text: textOf(slot) }));
  return [
    ...(header.length ? [{ type: "header", parameters: header }] : []),
    ...(body.length ? [{ type: "body", parameters: body }] : []),
    ...of("button").map((slot) => ({
      type: "button", sub_type: "url", index: slot.number,
      parameters: [{ type: "text", text: textOf(slot) }],
    })),
  ];
}

/** What was typed into each slot of a send; empty for a kind of parameter that no slot has. */
export function valuesOf(
  slots: Slot[], parameters: readonly Record<string, unknown>[],
): Record<string, string> {
  const places = { header: 0, body: 0 };
  return Object.fromEntries(slots.map((slot) => {
    const { key, part, number, file } = slot;
    const found = parameters.find(({ type, index }) =>
      String(type).toLowerCase() === part && (part !== "button" || Number(index) === number));
    const place = part === "button" ? 0 : places[part]++;
    const all = found?.["parameters"];
    const one: unknown = Array.isArray(all) ? all[place] : undefined;
    if (!isRecord(one)) return [key, ""];
    const value = file && isRecord(one[file]) ? one[file]["link"] : one["text"];
    return [key, typeof value === "string" ? value : ""];
  }));
}

/** A file by its address. Without the type, `link` is taken for an old method of texts. */
const addressed = (address: string): { link: string } => ({ link: address });

/** A text with its variables filled in; one without a value stays as it is written. */
export const filled = (text: string, part: Slot["part"], values: Record<string, string>): string =>
  text.replace(VARIABLE, (whole, digits: string) => values[`${part} ${digits}`]?.trim() || whole);

export const partOf = (components: readonly TemplateComponent[], type: string) =>
  components.find((component) => component.type === type);
