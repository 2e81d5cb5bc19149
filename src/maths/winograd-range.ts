/**
 * The range of a Winograd tile (range.ts), with the programs that transform it.
 *
 * On one axis, b_p = Σ_a |Bᵀ_pa|, g_p = Σ_u |G_pu|, γ = max |G_pu|, a = max_i Σ_p |Aᵀ_ip|, and
 * c = max_i Σ_p |Aᵀ_ip| b_p. For inputs of at most X in a channel's tile and weights of at most W, with both axes,
 *
 *   |V_p| ≤ b_p X,   |U_p| ≤ g_p W and ≤ γ Σ|w|,   |M_p| ≤ C b_p g_p X W,   |y| ≤ C max_i Σ_p |Aᵀ_ip| b_p g_p X W
 *
 * Numbers within a program can be larger than its results, so the programs are run over magnitudes, and the greatest counts.
 * With errors of e_V, e_U and e_Y within the transforms, found by running them over errors,
 *
 *   U errs by f · (g + 1) (g + 1) + e_U u, as weights, numbers between the two passes and U itself may be taken for 0,
 *   M errs by Σ_c (|V| · that + |U| e_V u) + u for each rounding, and y by the Aᵀ of that, + e_Y u.
 */
import { biasScales, type Matrix, type TileEdge, winogradMatrices } from './cook-toom.ts';
import { FLUSH_IN_UNDERFLOWS, type TileRange } from './range.ts';
import { type Arithmetic, isPowerOfTwo, transform } from './winograd-program.ts';

const known = new Map<number, TileRange>();

export function winogradRange(tile: TileEdge, r: number, s: number): TileRange {
  const key = (tile * 16 + r) * 16 + s;
  const range = known.get(key) ?? rangeOf(axisOf(tile, r), axisOf(tile, s));
  known.set(key, range);
  return range;
}

interface Axis {
  readonly bT: Matrix;
  readonly g: Matrix;
  readonly aT: Matrix;
  /** The greatest number on the way from magnitudes of 1 to V and to U, from b_p g_p to y, and from the bias to y. */
  readonly input: number;
  readonly kernel: number;
  readonly product: number;
  readonly bias: number;
  /** g, γ, a and c. */
  readonly kernelSum: number;
  readonly kernelEntry: number;
  readonly outputSum: number;
  readonly inputToOutput: number;
}

function axisOf(tile: TileEdge, r: number): Axis {
  const edge = r === 1 ? 1 : tile;
  const { bT, g, aT } = winogradMatrices(edge, r);
  const input = magnitudes(bT, ones(bT));
  const kernel = magnitudes(g, ones(g));
  const products = input.results.map((b, p) => b * kernel.results[p]);
  const bias = biasScales(edge, r).map((scale) => scale.abs().toNumber());
  return {
    bT,
    g,
    aT,
    input: input.greatest,
    kernel: kernel.greatest,
    product: magnitudes(aT, products).greatest,
    bias: magnitudes(aT, bias).greatest,
    kernelSum: Math.max(...kernel.results),
    kernelEntry: Math.max(...g.flat().map((x) => x.abs().toNumber())),
    outputSum: Math.max(...magnitudes(aT, ones(aT)).results),
    inputToOutput: Math.max(...magnitudes(aT, input.results).results),
  };
}

function rangeOf(rows: Axis, columns: Axis): TileRange {
  const both = (of: (axis: Axis) => number): number => of(rows) * of(columns);
  const kernelErrors = errors(rows.g, columns.g) + FLUSH_IN_UNDERFLOWS * both((axis) => axis.kernelSum + 1);
  const outputSum = both((axis) => axis.outputSum);
  return Object.freeze({
    input: both((axis) => axis.input),
    kernel: both((axis) => axis.kernel),
    product: both((axis) => axis.product),
    bias: both((axis) => axis.bias),
    underflow: {
      input: both((axis) => axis.inputToOutput) * kernelErrors,
      kernel: outputSum * both((axis) => axis.kernelEntry) * errors(rows.bT, columns.bT),
      product: outputSum,
      output: errors(rows.aT, columns.aT),
    },
  });
}

const ones = (matrix: Matrix): number[] => matrix[0].map(() => 1);

/** The results of a program over magnitudes, and the greatest number on the way. */
function magnitudes(matrix: Matrix, x: readonly number[]): { results: number[]; greatest: number } {
  let greatest = Math.max(...x);
  const results = transform(
    arithmetic(0, (value) => {
      greatest = Math.max(greatest, value);
    }),
    matrix,
    x,
  );
  return { results, greatest };
}

/** The greatest error in u after both passes, whose products may each add one; at least that of a stored result. */
function errors(first: Matrix, second: Matrix): number {
  const pass = (matrix: Matrix, before: number): number => {
    const x = matrix[0].map(() => before);
    return Math.max(
      1,
      ...transform(
        arithmetic(1, () => {}),
        matrix,
        x,
      ),
    );
  };
  return pass(second, pass(first, 0));
}

/** Sums of magnitudes; `added` is what each product adds, if it can underflow. */
function arithmetic(added: 0 | 1, see: (value: number) => void): Arithmetic<number> {
  const seen = (value: number): number => {
    see(value);
    return value;
  };
  return {
    add: (a, b) => seen(a + b),
    subtract: (a, b) => seen(a + b),
    multiply(factor, a) {
      const magnitude = factor.abs().toNumber();
      const isExact = magnitude >= 1 && isPowerOfTwo(magnitude);
      return seen(magnitude * a + (isExact ? 0 : added));
    },
    share: (_, value) => value,
  };
}
