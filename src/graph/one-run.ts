import { NnpackError } from '../errors.ts';

/** A plan's memory serves one run at a time; another that begins meanwhile is refused. */
export class OneRun {
  readonly #who: string;
  #running = false;

  constructor(who: string) {
    this.#who = who;
  }

  begin(): void {
    this.expectNone('run');
    this.#running = true;
  }

  end(): void {
    this.#running = false;
  }

  expectNone(what: string): void {
    if (!this.#running) return;
    const text = `${what}: a run of this plan is still at work, expected it to be awaited`;
    throw new NnpackError('invalid-context', `${this.#who}: ${text}`);
  }
}
