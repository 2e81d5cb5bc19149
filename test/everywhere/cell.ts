/** A cell of the matrix: where the packed package runs, and what it must find there. */

/** What the program of a cell prints. */
export interface Found {
  readonly threads: number;
  readonly kernels: string;
  readonly reasons: readonly string[];
  /** The hash of a convolution of whole numbers, which has the same bits on all kernels. */
  readonly exact: string;
  /** The hash of one whose sums are rounded, which has the same bits wherever the kernels are the same. */
  readonly rounded: string;
}

/** What cells need to run. */
export interface Bench {
  /** Where the package is installed, beside the programs. */
  readonly folder: string;
  /** Where the tools are installed. */
  readonly tools: string;
  /** Runs a command to its end, and gives what it prints; the cause of a failure is in the error. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** What a page finds, shown by a browser. */
  browse(browser: Browser, page: string): Promise<string>;
  /** Makes what a bundler makes of the programs, once. */
  bundle(name: string): Promise<void>;
}

export type Browser = 'chromium' | 'firefox';

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Cell {
  readonly name: string;
  readonly kernels: 'simd' | 'scalar';
  readonly threads: number;
  /** One for each reason that must be given, in their order. */
  readonly reasons: readonly RegExp[];
  /** Gives what the program prints, as JSON. */
  readonly run: (bench: Bench) => Promise<string>;
}
