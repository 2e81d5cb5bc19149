import type { AlgorithmName, ErrorBound, Workload } from '../algorithms/algorithm.ts';
import type { MeasuredTime } from '../context/measurements.ts';
import type { Cost } from './cost.ts';

/** One algorithm as the choice saw it. */
export interface Candidate {
  /** Its name. */
  readonly algorithm: AlgorithmName;
  /** Why it was not eligible; null when it was. */
  readonly refusal: string | null;
  /** What it would do, counted; null where it cannot compute the shape. */
  readonly work: Workload | null;
  /** The estimate of its time; null where it cannot compute the shape. */
  readonly cost: Cost | null;
  /** How much it may err; null where it cannot compute the shape. */
  readonly bound: ErrorBound | null;
  /**
   * The greatest |x| with which nothing on the way is beyond float32. For shapes alone it is the limit for weights
   * of at most 1 and no bias, and greater weights divide it. Only where it can compute the shape.
   */
  readonly inputLimit?: number;
  /** What it took when it was tried, for `rule: 'measured'`. */
  readonly measured?: MeasuredTime;
}
