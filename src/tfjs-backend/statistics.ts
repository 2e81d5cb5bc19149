/** What ran on our kernels, and what did not. */

/** The calls of one kernel of TensorFlow.js. */
export interface KernelStatistics {
  /** Calls that our kernels served, by how: the algorithm of a convolution, or `'kernels'`. */
  readonly accelerated: Readonly<Record<string, number>>;
  /** Calls of TensorFlow.js's own kernel, by the rule that left them to it. */
  readonly others: Readonly<Record<string, number>>;
}

type Counts = Map<string, number>;

export class CallCounter {
  readonly #kernels = new Map<string, { readonly accelerated: Counts; readonly others: Counts }>();

  count(kernel: string, kind: keyof KernelStatistics, how: string): void {
    const own = this.#kernels.get(kernel) ?? { accelerated: new Map(), others: new Map() };
    this.#kernels.set(kernel, own);
    own[kind].set(how, (own[kind].get(how) ?? 0) + 1);
  }

  statistics(): Readonly<Record<string, KernelStatistics>> {
    const entries = [...this.#kernels].map(([kernel, { accelerated, others }]) => [
      kernel,
      { accelerated: Object.fromEntries(accelerated), others: Object.fromEntries(others) },
    ]);
    return Object.fromEntries(entries);
  }
}
