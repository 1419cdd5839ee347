// Registry of the agent's listeners, and whether they are still in place. An agent that replaces
// another one silences it first: two agents in one page would report everything twice.
import type * as WaJs from "@wppconnect/wa-js";
import { wpp } from "./page";
import { attempt } from "./people";

/** The global through which the next agent in the same page finds this one. */
const PLACE = Symbol.for("wagate.agent");

type Name = Parameters<typeof WaJs.off>[0];
type Listener = Parameters<typeof WaJs.off>[1];

const listeners: { name: Name; listener: Listener }[] = [];
const endings: (() => void)[] = [];

/** Like `on` of wa-js; the listener is checked by the health probe. */
export const on = ((name: Name, listener: Listener) => {
  listeners.push({ name, listener });
  endings.push(() => attempt(() => wpp().off(name, listener)));
  return wpp().on(name, listener);
}) as typeof WaJs.on;

/** Whether wa-js still has every listener. */
export function isHearing(): boolean {
  return listeners.every(({ name, listener }) => wpp().listeners(name).includes(listener));
}

/** Calls back when another agent takes over. */
export function whenReplaced(end: () => void): void {
  endings.push(end);
}

/** Replaces the former agent of the page. Returns whether there was one. */
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
