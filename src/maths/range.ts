/**
 * How large the numbers on the way through a tile may become, and how much error the too small ones add to its outputs.
 *
 * An operation whose result is subnormal errs by up to u = 2⁻¹⁵⁰ instead of by a factor, but sums are exact then. So
 * the result of a transform errs by one u for each product on its way, times the factors that follow that product. A
 * subnormal weight, transformed or not, is taken for 0 besides, and errs by up to 2⁻¹²⁶ = 2²⁴ u.
 */
export interface TileRange {
  /** The greatest number on the way from inputs of at most 1 to V, and from weights of at most 1 to U. */
  readonly input: number;
  readonly kernel: number;
  /** The greatest of one channel's product V · U of those, and on the way from it to the outputs. */
  readonly product: number;
  /** The greatest on the way of a bias of 1. */
  readonly bias: number;
  /** The error of an output in u. */
  readonly underflow: {
    /** Errors of U, which V multiplies: for each channel, times the greatest input of its tile. */
    readonly input: number;
    /** Errors of V, which U multiplies: for each channel, times the sum of its weights' magnitudes. */
    readonly kernel: number;
    /** The error of each rounding of a product V · U or of a sum of them. */
    readonly product: number;
    /** Errors of the output transform itself. */
    readonly output: number;
  };
}

/** An error of 2⁻¹²⁶, in u. */
export const FLUSH_IN_UNDERFLOWS = 2 ** 24;
