// Something that a person asked for: one at a time, and why it failed.
import { Failure } from "./api/failure";
import { explain } from "./explain";
import { currentMe } from "./me.svelte";
import { toast } from "./toasts.svelte";
import { saved } from "./unsaved";

export class Attempt {
  isBusy = $state(false);
  failure = $state.raw<Failure | undefined>();

  /** Does it, unless it is being done already. What is no `Failure` is a fault of ours: thrown. */
  async make(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    [this.isBusy, this.failure] = [true, undefined];
    try {
      await work();
      saved();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
    } finally {
      this.isBusy = false;
    }
  }
}

/** The same for what has no place of its own on the page: a note says why it failed. */
export async function orTell(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, retryAfter } = error;
    const { title, advice } = explain(code, message, retryAfter, currentMe() !== undefined);
    toast([title, advice].filter((part) => part).join(". "), "bad");
  }
}
