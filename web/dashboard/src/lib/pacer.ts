// Does something soon after it was asked for, once for all who asked meanwhile, and not too often:
// a busy gateway tells of more than can be read one by one. Never twice at a time: what was asked
// first could be answered last.

const SOON = 30;
const PAUSE = 1_200;
const RETRY = 4_000;

export class Pacer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;
  private isStopped = false;
  private isRunning = false;
  private isWanted = false;

  constructor(
    private readonly work: () => Promise<unknown>,
    /** Milliseconds between two times; the first comes at once. */
    private readonly pause = PAUSE,
  ) {}

  push(): void {
    if (this.timer !== undefined || this.isStopped) return;
    this.isWanted = this.isRunning;
    if (this.isRunning) return;
    const rest = this.last + this.pause - Date.now();
    this.timer = setTimeout(() => void this.run(), Math.max(rest, SOON));
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    this.timer = undefined;
    this.isRunning = true;
    this.last = Date.now();
    try {
      await this.work();
    } catch {
      // The gateway was not there: what is to be known is still to be known.
      this.last = Date.now() + RETRY - this.pause;
      this.isWanted = true;
    }
    this.isRunning = false;
    if (this.isWanted) this.push();
  }
}
