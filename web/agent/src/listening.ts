// What the agent hears of the page, and whether it still does. An agent that takes another's place
// silences it first: two in one page would tell everything twice.
import type * as WaJs from "@wppconnect/wa-js";
import { wpp } from "./page";
import { attempt } from "./people";

/** Where an agent leaves word of itself for the one that may follow it in the same page. */
const PLACE = Symbol.for("wagate.agent");

type Name = Parameters<typeof WaJs.off>[0];
type Listener = Parameters<typeof WaJs.off>[1];

const listeners: { name: Name; listener: Listener }[] = [];
const endings: (() => void)[] = [];

/** As `on` of wa-js, and watched over. */
export const on = ((name: Name, listener: Listener) => {
  listeners.push({ name, listener });
  endings.push(() => attempt(() => wpp().off(name, listener)));
  return wpp().on(name, listener);
}) as typeof WaJs.on;

/** Whether wa-js still has every listener that it was given. */
export function isHearing(): boolean {
  return listeners.every(({ name, listener }) => wpp().listeners(name).includes(listener));
}

/** Has something done when another agent takes over. */
export function whenReplaced(end: () => void): void {
  endings.push(end);
}

/** Takes the place of the agent that was in the page before, if there was one. */
export function takeOver(): boolean {
  const place = window as { [PLACE]?: () => void };
  const before = place[PLACE];
  before?.();
  [listeners.length, endings.length] = [0, 0];
  place[PLACE] = () => {
    for (const end of endings.splice(0)) end();
  };
  return before !== undefined;
}
