/**
 * How far Fourier transforms that round to float32 at every operation are from exact ones, ε = 2⁻²⁴.
 *
 * A transform is a network of two kinds of gates on two numbers, each a multiple of an isometry:
 *
 *   butterfly   (a, b) → (a + b, a − b)             errs by at most ε of what comes out
 *   rotation    (a, b) → (ca + sb, cb − sa)         errs by at most (2√2 + 1) ε of it
 *
 * In a rotation each product errs by 2 ε of itself, its constant's rounding and its own, and (|ca| + |sb|, |cb| + |sa|) is
 * at most √2 |(a, b)|. A rotation by an eighth multiplies a sum by √½ instead: 3 ε.
 *
 * The multiples are such that every number of the network counts the same at the end; a kept complex value of the
 * spectrum counts for its conjugate too. So numbers of which none depends on another are coordinates of an isometric
 * image of the tile, times T at the end: errors of ε in each of them move the result by ε of its norm, ‖X‖₂ = T ‖x‖₂.
 *
 * A gate's error is spread over the interval (S − e, S], where e is its ε count and S the greatest sum of counts on a
 * way that ends with it. Gates whose intervals overlap do not depend on each other. Hence, with D the greatest S,
 *
 *   ‖X̂ − X‖₂ ≤ D ε ‖X‖₂   and for the inverse   ‖ŷ − y‖₂ ≤ D ε ‖y‖₂   over the whole tile.
 *
 * D is counted in the text itself: a sum is 1, a product 3 ≥ 2√2, a product by a power of two 0.
 *
 * More is known of the last rounding of each transform: Gauss's sums a + b, c − d and c + d err by ε of themselves, and
 * y does too. So with n roundings of the sums over channels, and i, k and o those of input, kernel and output
 * transform,
 *
 *   errors of X, W and before the last of y      ((i − 1) + (k − 1)) ε Σ_c ‖x_c‖₂ ‖w_c‖₂ + (o − 1) ε ‖y‖₂
 *   Gauss's products, rounded in V, U and M      3 (n + 2) ε Σ_c ‖x_c‖₂ ‖w_c‖₂        (see ../algorithms/fourier.ts)
 *   y itself                                     ε |y|
 *
 * where errors of X and W enter the complex product, whatever the three real ones are. The y of a whole tile is a
 * circular correlation, ‖y‖₂ ≤ Σ_c ‖x_c‖₂ ‖w_c‖₁ + T |b|; with ‖x_c‖₂ ≤ T X_c and ‖w_c‖₂ ≤ ‖w_c‖₁ = |w_c|,
 *
 *   |ŷ − y| ≤ ε ((3 (n + 2) + i + k + o − 3) T + 1) (X ∗ |w| + |b|).
 *
 * Transforms in double between two roundings have i = k = o = 1. Nothing may underflow.
 *
 * Higham, Accuracy and Stability of Numerical Algorithms, 2002, §24.1, has the argument stage by stage.
 */
import {
  type FourierEdge,
  forwardColumn,
  forwardComplexRow,
  forwardRealRows,
  inverseColumn,
  inverseComplexRow,
  inverseRealRows,
} from './fourier-program.ts';
import type { Program, Statement } from './straight-line.ts';

export interface FourierRoundings {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
}

const known = new Map<FourierEdge, FourierRoundings>();

/** Counts of roundings along the longest way through each transform of a tile. */
export function fourierRoundings(edge: FourierEdge): FourierRoundings {
  const roundings = known.get(edge) ?? counted(edge);
  known.set(edge, roundings);
  return roundings;
}

function counted(edge: FourierEdge): FourierRoundings {
  const count = (columns: Program, ...rows: Program[]) => longestWay(columns) + Math.max(...rows.map(longestWay));
  const forward = (side: 'input' | 'kernel') =>
    count(forwardColumn(edge), forwardRealRows(edge, side), forwardComplexRow(edge, side));
  return Object.freeze({
    input: forward('input'),
    kernel: forward('kernel'),
    output: count(inverseColumn(edge), inverseRealRows(edge), inverseComplexRow(edge)),
  });
}

/** The greatest sum of counts from a read to a write; what is parked keeps its sum. */
function longestWay(program: Program): number {
  const values = new Map<number, number>();
  const parked = new Map<number, number>();
  let longest = 0;
  for (const statement of program.statements()) {
    if (statement.operation === 'read') {
      const { space, index } = statement.place;
      values.set(statement.value, space === 'parked' ? (parked.get(index) as number) : 0);
      continue;
    }
    const way = Math.max(...statement.operands.map((operand) => values.get(operand) as number)) + countOf(statement);
    if (statement.operation !== 'write') values.set(statement.value, way);
    else if (statement.place.space === 'parked') parked.set(statement.place.index, way);
    else longest = Math.max(longest, way);
  }
  return longest;
}

function countOf(statement: Statement): number {
  if (statement.operation === 'add' || statement.operation === 'subtract') return 1;
  if (statement.operation !== 'multiply') return 0;
  return Number.isInteger(Math.log2(Math.abs(statement.factor))) ? 0 : 3;
}
