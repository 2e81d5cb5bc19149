/** Work that takes turns: one piece at a time, in the order in which it came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #open = 0;

  /** Whether anything is at work, or waits for its turn. */
  get isBusy(): boolean {
    return this.#open > 0;
  }

  /**
   * Does the work once all that came before is over: at once where there is nothing, so that its first steps are done when
   * this returns. What is aborted while it waits is given up without a turn.
   */
  take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.isBusy ? this.#waiting(work, signal) : work();
    this.#open++;
    const over = () => {
      this.#open--;
    };
    // What waits behind an aborted one waits for those before it all the same.
    const before = this.#last;
    this.#last = turn.then(over, over).then(() => before);
    return turn;
  }

  #waiting<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const before = this.#last;
    if (signal === undefined) return before.then(work);
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      before.then(() => {
        signal.removeEventListener('abort', giveUp);
        if (!signal.aborted) work().then(resolve, reject);
      });
    });
  }
}
