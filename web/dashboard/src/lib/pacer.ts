// Rate limit of a reading: it begins soon after it was asked for, once for all who asked meanwhile.
// A few in a row begin at once, so that a message is seen when it comes; more of them are spread,
// since a busy gateway reports more than can be read one by one. Never two at a time: what was
// asked first could be answered last.

/** Milliseconds. */
const SOON = 30;
const PAUSE = 1_200;
/** So many in a row begin at once; each pause allows one more. */
const BURST = 3;
const RETRY = 4_000;

export class Pacer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** When the next one is due that is no part of a burst. */
  private due = 0;
  private isStopped = false;
  private isRunning = false;
  private isWanted = false;

  constructor(
    private readonly work: () => Promise<unknown>,
    /** Milliseconds between two that are no part of a burst. */
    private readonly pause = PAUSE,
  ) {}

  push(): void {
    if (this.timer !== undefined || this.isStopped) return;
    this.isWanted = this.isRunning;
    if (this.isRunning) return;
    const rest = this.due - this.burst() - Date.now();
    this.timer = setTimeout(() => void this.run(), Math.max(rest, SOON));
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** By how much one of a burst is before its time. */
  private burst(): number {
    return (BURST - 1) * this.pause;
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.isRunning = true;
    this.due = Math.max(this.due, Date.now()) + this.pause;
    try {
      await this.work();
    } catch {
      // The gateway was not there: what is to be known is still to be known.
      this.due = Date.now() + RETRY + this.burst();
      this.isWanted = true;
    }
    this.isRunning = false;
    if (this.isWanted) this.push();
  }
}
