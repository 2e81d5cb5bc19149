/** The findings of `bench` as data: `--json` writes them, and the tables and the page of plots are made from them. */
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import type { Machine } from '../src/cli/machine.ts';
import type { Phases } from '../src/cli/score/result.ts';

export interface BenchResult {
  readonly machine: Machine;
  /** The kernel table of all figures that do not name another. */
  readonly kernels: string;
  /** One sentence for each thing that is less than the best machine gives. */
  readonly reasons: readonly string[];
  /** Figures with goals, section after section. */
  readonly rows: readonly Row[];
  /** Layers, each computed by every algorithm that may win, and by the default implementation: section `layers`. */
  readonly layers: readonly LayerTimes[];
  /** GFLOP/s over the size of the image: section `sizes`. */
  readonly sizes: readonly SizeTimes[];
  /** Whether Ctrl-C or the time limit came before the end. */
  readonly stopped: boolean;
}

/** One figure, compared with another, and with what it should be. */
export interface Row {
  /** What was measured: `64→64 @224, two threads`. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with: `one thread`. */
  readonly against?: string;
  readonly ratio?: number;
  /** What the ratio should be; a row without one only informs. */
  readonly goal?: Goal;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export interface LayerTimes {
  /** `64→64 @224` */
  readonly layer: string;
  readonly kernels: string;
  readonly threads: number;
  readonly candidates: readonly {
    readonly algorithm: AlgorithmName;
    /** Whether the dispatcher would take it. */
    readonly chosen: boolean;
    readonly milliseconds: number;
    /** 2 · multiply-adds of the direct computation in that time. */
    readonly gflops: number;
    readonly phases: Phases;
  }[];
}

/** One kind of layer (`64→64 3×3`) at one size of image, by the algorithms that may win there. */
export interface SizeTimes {
  readonly family: string;
  readonly size: number;
  readonly points: readonly { readonly algorithm: AlgorithmName; readonly gflops: number }[];
}
