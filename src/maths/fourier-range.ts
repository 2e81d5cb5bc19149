/**
 * The range of a Fourier tile (range.ts).
 *
 * With inputs of at most X in a channel's tile, and weights w, of at most W,
 *
 *   |X_f| ≤ T² X,   |W_f| ≤ Σ|w| ≤ r s W,   so that V and U, sums of real and imaginary part, are at most √2 times as large.
 *
 * An error of U, V or a product M then changes Y_f = (m1 − m2) + i (m1 − m3) by up to 2√2 times itself, and y, the mean
 * over all frequencies, by as much. The programs of the tiles of 8 and 16 are run over magnitudes, for the greatest
 * number on the way, and over errors; larger tiles are transformed in double, where nothing overflows or underflows on
 * the way.
 */
import type { FourierTileSize } from './fourier-layout.ts';
import {
  type FourierEdge,
  forwardColumn,
  forwardComplexRow,
  forwardRealRows,
  hasProgram,
  inverseColumn,
  inverseComplexRow,
  inverseRealRows,
} from './fourier-program.ts';
import { FLUSH_IN_UNDERFLOWS, type TileRange } from './range.ts';
import type { Definition, Program, Statement } from './straight-line.ts';
import { isPowerOfTwo } from './winograd-program.ts';

export function fourierRange(tile: FourierTileSize, r: number, s: number): TileRange {
  const v = Math.SQRT2 * tile ** 2;
  const u = Math.SQRT2 * r * s;
  const { greatest, errors } = hasProgram(tile) ? ofPrograms(tile) : IN_DOUBLE;
  const kernelErrors = errors.kernel + FLUSH_IN_UNDERFLOWS * (u + 1);
  const toOutput = 2 * Math.SQRT2;
  return {
    input: Math.max(v, greatest.input),
    kernel: Math.max(u, greatest.kernel),
    product: v * u * greatest.output,
    bias: tile ** 2 * greatest.output,
    underflow: {
      input: toOutput * v * kernelErrors,
      kernel: toOutput * Math.SQRT2 * errors.input,
      product: toOutput,
      output: errors.output,
    },
  };
}

interface OfTransforms {
  /** The greatest number on the way of magnitudes of 1; the kernel is as large as the tile. */
  readonly greatest: { readonly input: number; readonly kernel: number; readonly output: number };
  readonly errors: { readonly input: number; readonly kernel: number; readonly output: number };
}

/** An output is at most 2√2 times the greatest M. */
const IN_DOUBLE: OfTransforms = {
  greatest: { input: 1, kernel: 1, output: 2 * Math.SQRT2 },
  errors: { input: 1, kernel: 1, output: 1 },
};

const known = new Map<FourierEdge, OfTransforms>();

/** Remembered, because programs are long and every choice of an algorithm asks. */
function ofPrograms(edge: FourierEdge): OfTransforms {
  const found = known.get(edge) ?? walked(edge);
  known.set(edge, found);
  return found;
}

function walked(edge: FourierEdge): OfTransforms {
  const column = statementsOf(forwardColumn(edge));
  const inputRows = statementsOf(forwardRealRows(edge, 'input'), forwardComplexRow(edge, 'input'));
  // Emitted kernels make the planes of a kernel from those of an input.
  const kernelRows = [
    ...inputRows,
    ...statementsOf(forwardRealRows(edge, 'kernel'), forwardComplexRow(edge, 'kernel')),
  ];
  const inverseRows = statementsOf(inverseRealRows(edge), inverseComplexRow(edge));
  const inverseColumns = statementsOf(inverseColumn(edge));
  return {
    greatest: {
      input: passes(column, inputRows, 1, 0).greatest,
      kernel: passes(column, kernelRows, 1, 0).greatest,
      output: passes(inverseRows, inverseColumns, 1, 0).greatest,
    },
    errors: {
      input: Math.max(1, passes(column, inputRows, 0, 1).written),
      kernel: Math.max(1, passes(column, kernelRows, 0, 1).written),
      output: Math.max(1, passes(inverseRows, inverseColumns, 0, 1).written),
    },
  };
}

type Statements = readonly Statement[];

const statementsOf = (...programs: readonly Program[]): Statements[] => programs.map((program) => program.statements());

/** The greatest number that is written, and the greatest of all. */
interface Walk {
  readonly written: number;
  readonly greatest: number;
}

/** Both passes over elements that are all x; `added` is what each product adds, if it can underflow. */
function passes(first: readonly Statements[], second: readonly Statements[], x: number, added: 0 | 1): Walk {
  const together = (walks: readonly Walk[]): Walk => ({
    written: Math.max(...walks.map(({ written }) => written)),
    greatest: Math.max(...walks.map(({ greatest }) => greatest)),
  });
  const before = together(first.map((statements) => walk(statements, x, added)));
  const after = together(second.map((statements) => walk(statements, before.written, added)));
  return { written: after.written, greatest: Math.max(before.greatest, after.greatest) };
}

/** Runs a program over magnitudes. */
function walk(statements: Statements, x: number, added: 0 | 1): Walk {
  const values: number[] = [];
  const parked: number[] = [];
  let [written, greatest] = [0, 0];
  for (const statement of statements) {
    if (statement.operation === 'write') {
      const { space, index } = statement.place;
      const value = values[statement.operands[0]];
      if (space === 'parked') parked[index] = value;
      else written = Math.max(written, value);
      continue;
    }
    const value = magnitudeOf(statement, values, parked, x, added);
    values[statement.value] = value;
    greatest = Math.max(greatest, value);
  }
  return { written, greatest };
}

function magnitudeOf(statement: Definition, values: number[], parked: number[], x: number, added: 0 | 1): number {
  if (statement.operation === 'read') return statement.place.space === 'parked' ? parked[statement.place.index] : x;
  const a = values[statement.operands[0]];
  if (statement.operation !== 'multiply') return a + values[statement.operands[1]];
  const factor = Math.abs(statement.factor);
  return factor * a + (factor >= 1 && isPowerOfTwo(factor) ? 0 : added);
}
