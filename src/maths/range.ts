/**
 * How large the numbers on the way through a tile may become, and how far too small ones put its outputs out.
 *
 * An operation whose result is subnormal errs by up to u = 2⁻¹⁵⁰ instead of by a factor, but sums are exact then. So what
 * comes out of a transform errs by so many u as its products add up to, each multiplied by what multiplies it afterwards. A
 * weight or a transformed one that is subnormal is taken for 0 besides, and errs by up to 2⁻¹²⁶ = 2²⁴ u.
 */
export interface TileRange {
  /** The greatest on the way of inputs of at most 1 to V, and of weights of at most 1 to U. */
  readonly input: number;
  readonly kernel: number;
  /** Of one channel's product V · U of those, and of the outputs made of it. */
  readonly product: number;
  /** Of a bias of 1. */
  readonly bias: number;
  /** The error of an output in u. */
  readonly underflow: {
    /** For each channel, times the greatest input of its tile: errors of U, which V multiplies. */
    readonly input: number;
    /** For each channel, times the sum of its weights' magnitudes: errors of V, which U multiplies. */
    readonly kernel: number;
    /** For each rounding of a product V · U or of a sum of them. */
    readonly product: number;
    /** Of the output transform itself. */
    readonly output: number;
  };
}

/** Of an error of 2⁻¹²⁶. */
export const FLUSH_IN_UNDERFLOWS = 2 ** 24;
