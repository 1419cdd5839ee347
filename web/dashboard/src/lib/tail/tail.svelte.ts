// The log as a list that grows at its newest end, and at its oldest as far as one goes back.
//
// Bounded: what is let go at one end is read again from the gateway when somebody goes there. While
// it is paused, nothing is kept of what comes but its count: the log has the rest.
import { readLog } from "../api/events";
import { Failure } from "../api/failure";
import type { GatewayEvent } from "../api/types";
import { newestNumber } from "../live.svelte";
import { bounded, entryOf, matches, merged, type Filter, type Row } from "./entry";

/** Rows, and letters of JSON, that are kept at most. */
const MOST = 2_000;
const MOST_LETTERS = 16 * 1024 * 1024;
/** What comes within this many milliseconds is shown at once. */
const TOGETHER = 100;
/** How many numbers of the log are read at once, and how far one reading goes for enough rows. */
const STEP = 200;
const FARTHEST = 5_000;
const ENOUGH = 40;
/** Events that are shown before one that is jumped to. */
const BEFORE = 20;

export class Tail {
  rows = $state.raw<Row[]>([]);
  isPaused = $state(false);
  /** How many came while it was paused that the filter lets through. */
  missed = $state(0);
  /** Whether what is shown does not reach up to where it was paused. */
  isPast = $state(false);
  isReading = $state(false);
  failure = $state.raw<Failure | undefined>();
  /** Whether nothing older is in the log. */
  isAtStart = $state(false);
  /** The last number that was read towards the present, and the one before the first. */
  private upTo = 0;
  private downTo = $state(0);
  private arrived: Row[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopper = new AbortController();

  constructor(private filter: Filter) {}

  /** Starts again at the newest event. */
  async open(filter: Filter = this.filter): Promise<void> {
    this.clear(filter);
    const newest = newestNumber();
    [this.isPaused, this.isPast, this.upTo, this.downTo] = [false, false, newest, newest];
    await this.older();
  }

  /** Shows what happened around a number, and stands still there. */
  async jump(seq: number): Promise<void> {
    this.clear(this.filter);
    const start = Math.max(0, seq - BEFORE - 1);
    [this.isPaused, this.isPast, this.upTo, this.downTo] = [true, true, start, start];
    this.isAtStart = start === 0;
    await this.newer();
  }

  pause(): void {
    this.flush();
    this.isPaused = true;
  }

  /** Resumes with the missed events, or starts again where too many were missed. */
  async resume(): Promise<void> {
    if (FARTHEST < newestNumber() - this.upTo) return this.open();
    const start = this.upTo;
    [this.isPaused, this.isPast, this.missed] = [false, false, 0];
    this.upTo = newestNumber();
    await this.reading(() => this.read(start, this.upTo));
  }

  /** What follows after the newest row, while it is paused. */
  async newer(): Promise<void> {
    await this.reading(async () => {
      const start = this.upTo;
      this.upTo = Math.max(start, Math.min(newestNumber(), start + STEP));
      await this.read(start, this.upTo);
    });
    if (this.isPaused && newestNumber() <= this.upTo) await this.resume();
  }

  /** What came before the oldest row: so much that there is something to look at. */
  async older(): Promise<void> {
    await this.reading(async () => {
      let step = STEP;
      let found = 0;
      for (let went = 0; went < FARTHEST && found < ENOUGH && !this.isAtStart; step *= 2) {
        const until = this.downTo;
        const since = Math.max(0, until - step);
        went += step;
        found += await this.read(since, until);
        this.downTo = since;
        if (since === 0) this.isAtStart = true;
      }
    });
  }

  /** The chat and text filters apply to loaded events, so nothing is loaded again. */
  narrow(filter: Filter): void {
    this.filter = filter;
  }

  take(event: GatewayEvent): void {
    if (event.seq <= this.upTo) return;
    const entry = entryOf(event);
    const { session, name } = this.filter;
    if (this.isPaused) {
      if (matches(entry, this.filter)) this.missed += 1;
      return;
    }
    this.upTo = event.seq;
    if (!matches(entry, { session, name, chat: "", text: "" })) return;
    this.arrived.push(entry);
    if (MOST < this.arrived.length) this.arrived.shift();
    this.timer ??= setTimeout(() => this.flush(), TOGETHER);
  }

  stop(): void {
    this.stopper.abort();
    clearTimeout(this.timer);
  }

  private clear(filter: Filter): void {
    this.stop();
    this.stopper = new AbortController();
    this.timer = undefined;
    [this.filter, this.rows, this.arrived] = [filter, [], []];
    [this.missed, this.isAtStart, this.failure] = [0, false, undefined];
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { arrived } = this;
    if (arrived.length === 0) return;
    this.arrived = [];
    this.keepNewest(merged(this.rows, arrived));
  }

  private keepNewest(rows: Row[]): void {
    const kept = bounded(rows, MOST, MOST_LETTERS);
    const last = kept.at(-1);
    if (kept.length < rows.length && last) {
      [this.downTo, this.isAtStart] = [last.seq - 1, false];
    }
    this.rows = kept;
  }

  /** Reads from one number up to another; how many of the events are looked for. */
  private async read(since: number, until: number): Promise<number> {
    if (until <= since) return 0;
    const { filter } = this;
    const page = await readLog(filter, since, until, this.stopper.signal);
    const found: Row[] = page.events.map(entryOf);
    const count = found.filter((row) => matches(row, filter)).length;
    if (page.oldest !== null) {
      found.push({ kind: "reset", seq: page.oldest });
      this.isAtStart = true;
    }
    const rows = merged(this.rows, found);
    if (since < this.downTo) this.keepOldest(rows);
    else this.keepNewest(rows);
    return count;
  }

  /** Who goes back so far that the newest rows must go leaves the present. */
  private keepOldest(rows: Row[]): void {
    const kept = bounded([...rows].reverse(), MOST, MOST_LETTERS).reverse();
    this.rows = kept;
    const [first] = kept;
    if (kept.length === rows.length || !first) return;
    [this.isPaused, this.isPast, this.upTo] = [true, true, first.seq];
  }

  private async reading(read: () => Promise<unknown>): Promise<void> {
    const { signal } = this.stopper;
    [this.isReading, this.failure] = [true, undefined];
    try {
      await read();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
    } finally {
      if (!signal.aborted) this.isReading = false;
    }
  }
}
