// A value that is read from the gateway, with what becomes of the reading.
import { untrack } from "svelte";
import { Failure } from "./api/failure";

export class Loaded<T> {
  value = $state.raw<T | undefined>();
  failure = $state.raw<Failure | undefined>();
  isLoading = $state(false);
  private number = 0;

  constructor(private readonly read: () => Promise<T>) {}

  /**
   * Reads again. The old value stays until the new one is there; only the last reading counts. An
   * effect that calls it depends on nothing that the reading looks at.
   */
  async load(): Promise<void> {
    this.number += 1;
    const { number } = this;
    this.isLoading = true;
    try {
      const value = await untrack(this.read);
      if (number === this.number) [this.value, this.failure] = [value, undefined];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (number === this.number) this.failure = error;
    } finally {
      if (number === this.number) this.isLoading = false;
    }
  }
}
