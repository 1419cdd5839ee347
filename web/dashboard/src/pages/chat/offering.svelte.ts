// The offers of one field: asked for as one types, gone through with arrows, taken with Enter or
// Tab.
import { tick } from "svelte";
import { Failure } from "../../lib/api/failure";
import { type Asked, askedBy, type Offer, type Offers } from "./offers";

const WORDS_SETTLE = 120;

/** A field with its text. */
export interface Field {
  element: () => HTMLTextAreaElement | undefined;
  text: () => string;
  set: (text: string) => void;
}

export class Offering {
  list = $state.raw<Offer[]>([]);
  chosen = $state(0);
  private asked: Asked | null = null;
  private number = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly field: Field, private readonly offers: () => Offers) {}

  /** Something was typed, or the cursor moved. */
  look(): void {
    clearTimeout(this.timer);
    this.number += 1;
    const element = this.field.element();
    const asked = element && askedBy(element.value.slice(0, element.selectionStart));
    const find = asked ? this.offers()[asked.sign] : undefined;
    if (!asked || !find) {
      this.close();
      return;
    }
    const { number } = this;
    this.timer = setTimeout(() => void this.find(number, asked, find), WORDS_SETTLE);
  }

  close(): void {
    clearTimeout(this.timer);
    this.number += 1;
    [this.list, this.asked] = [[], null];
  }

  /** Whether the key was for the offers. */
  key(event: KeyboardEvent): boolean {
    const count = this.list.length;
    if (count === 0 || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const offer = this.list[this.chosen];
    if (step !== undefined) this.chosen = (this.chosen + step + count) % count;
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && offer) void this.take(offer);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  async take(offer: Offer): Promise<void> {
    const { asked } = this;
    const element = this.field.element();
    if (!asked || !element) return;
    const end = element.selectionStart;
    this.close();
    const { number } = this;
    const inserted = await this.read(() => Promise.resolve(offer.take()));
    // Who went on typing means that.
    if (inserted === undefined || number !== this.number) return;
    const text = this.field.text();
    this.field.set(text.slice(0, asked.from) + inserted + text.slice(end));
    await tick();
    const at = asked.from + inserted.length;
    element.focus();
    element.setSelectionRange(at, at);
  }

  private async find(
    number: number, asked: Asked, find: (words: string) => Promise<Offer[]>,
  ): Promise<void> {
    const found = await this.read(() => find(asked.words));
    if (number !== this.number) return;
    [this.list, this.asked, this.chosen] = [found ?? [], asked, 0];
  }

  /** Offers are a help: one types on without them. */
  private async read<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return undefined;
    }
  }
}
