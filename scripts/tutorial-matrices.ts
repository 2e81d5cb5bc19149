/** Matrices of exact fractions, for the worked tiles of docs/algorithms. */
import type { Matrix } from '../src/maths/cook-toom.ts';
import { Rational } from '../src/maths/rational.ts';

/** Whole numbers as fractions. */
export function exact(rows: readonly (readonly number[])[]): Matrix {
  return rows.map((row) => row.map((x) => new Rational(BigInt(x))));
}

/** L x. */
export function apply(l: Matrix, x: readonly Rational[]): readonly Rational[] {
  return l.map((row) => row.reduce((sum, c, k) => sum.plus(c.times(x[k])), Rational.ZERO));
}

/** L X Lᵀ. */
export function sandwich(l: Matrix, x: Matrix): Matrix {
  const columns = x[0].map((_, j) =>
    apply(
      l,
      x.map((row) => row[j]),
    ),
  );
  return l.map((_, i) =>
    apply(
      l,
      columns.map((column) => column[i]),
    ),
  );
}

/** U ⊙ V, element by element. */
export function elementwise(u: Matrix, v: Matrix): Matrix {
  return u.map((row, i) => row.map((x, j) => x.times(v[i][j])));
}

/** Y_ij = Σ_uv g_uv d_(i+u, j+v), by definition. */
export function correlation(d: Matrix, g: Matrix): Matrix {
  const y = (i: number, j: number) =>
    g.reduce((sum, row, u) => row.reduce((inner, x, v) => inner.plus(x.times(d[i + u][j + v])), sum), Rational.ZERO);
  const [height, width] = [d.length - g.length + 1, d[0].length - g[0].length + 1];
  return Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_, j) => y(i, j)));
}

/** Matrices side by side, each under its name. */
export function sideBySide(matrices: Readonly<Record<string, Matrix>>): string {
  const blocks = Object.entries(matrices).map(([name, matrix]) => {
    const width = Math.max(...matrix.flat().map((x) => `${x}`.length));
    const lines = [name, ...matrix.map((row) => row.map((x) => `${x}`.padStart(width)).join(' '))];
    return { lines, width: Math.max(...lines.map((line) => line.length)) };
  });
  const height = Math.max(...blocks.map(({ lines }) => lines.length));
  const row = (i: number) => blocks.map(({ lines, width }) => (lines[i] ?? '').padEnd(width)).join('    ');
  return Array.from({ length: height }, (_, i) => row(i).trimEnd()).join('\n');
}
