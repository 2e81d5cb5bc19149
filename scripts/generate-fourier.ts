/**
 * Writes the Fourier transforms of src/kernels/scalar/generated: straight-line passes for tiles of 8 × 8 and 16 × 16.
 *
 * A forward transform is a pass over the columns (float32 memory to a scratch of T × T doubles, a real transform of T
 * points each) and a pass over the rows of the half spectrum (scratch to the positions of ../src/kernels/fourier-layout.ts:
 * the real rows F_0 and F_(T/2), then the complex rows between them). The inverse runs the same way back. A pass is a
 * function with one loop around one transform (./split-radix.ts), and meets one kind of array on either side.
 *
 * Run as `npx tsx scripts/generate-fourier.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fourierPosition } from '../src/kernels/fourier-layout.ts';
import { complexRow, exchange, holdOf, inverseRealFourier, keep, realFourier } from './split-radix.ts';
import { type Complex, Program } from './straight-line.ts';

/** The text of every generated file by its path from the project's root. */
export function generateFourier(): Map<string, string> {
  return new Map([8, 16].map((tile) => [`src/kernels/scalar/generated/fourier${tile}.ts`, file(tile)]));
}

function file(tile: number): string {
  const half = tile / 2;
  const passes = [
    forwardColumns(tile),
    ...(['input', 'kernel'] as const).flatMap((side) => [forwardRealRows(tile, side), forwardComplexRows(tile, side)]),
    inverseRealRows(tile),
    inverseComplexRows(tile),
    inverseColumns(tile),
  ];
  return `// Written by scripts/generate-fourier.ts. Do not edit.
//
// Real two-dimensional Fourier transforms of the ${tile} × ${tile} tile, unscaled forward, divided by ${tile ** 2} inverse.
// Offsets, pitches (from row to row) and steps (from position to position) are elements of f32; the order of positions is
// that of ../../fourier-layout.ts. Constants are √½ = 0.7071…, cos π/8 = 0.9238… and sin π/8 = 0.3826…, times 2 in
// inverseRealRows and times 2/${tile ** 2} in inverseColumns.

/** The half spectrum between two passes, rows of ${tile}: F_0, F_${half}, Re F_1, Im F_1, Re F_2 … Not exported, so that V8 folds it. */
const s = new Float64Array(${tile ** 2});
${tile === 8 ? '' : '\n/** What waits inside one transform. */\nconst p = new Float64Array(32);\n'}
/** Zeroes the columns that a forwardColumns of fewer columns will leave. */
export function clearColumns(): void {
  s.fill(0);
}

${passes.join('\n')}`;
}

/** Where column q of F_k lies in the scratch; F_0 and F_(T/2) are real. */
function column(tile: number, k: number): { re: string; im: string } {
  const row = (r: number) => (r === 0 ? 's[q]' : `s[q + ${r * tile}]`);
  if (k % (tile / 2) === 0) return { re: row(k === 0 ? 0 : 1), im: '' };
  return { re: row(2 * k), im: row(2 * k + 1) };
}

const count = ({ operations: { additions, multiplications } }: Program) =>
  `${additions} additions, ${multiplications} multiplications`;

function forwardColumns(tile: number): string {
  const program = new Program();
  const walk = program.walk('pitch');
  const hold = holdOf(program, tile);
  realFourier(
    program,
    tile,
    (i) => program.read(walk.to(i)),
    hold,
    (k, X) => {
      const { re, im } = column(tile, k);
      program.write(re, X.re);
      if (im !== '') program.write(im, X.im);
    },
  );
  return `/** F_k(j) = Σ_i x(i, j) · ω^ki of the first \`width\` columns of the tile at d: ${count(program)} a column. */
export function forwardColumns(f32: Float32Array, width: number, d: number, pitch: number): void {
${walk.constants()}  for (let j = 0; j < width; j++) {
    const q = j & ${tile - 1};
    let o = (d + j) | 0;
${program.text('    ')}  }
}
`;
}

function inverseColumns(tile: number): string {
  const program = new Program();
  const walk = program.walk('pitch');
  const hold = holdOf(program, tile);
  const X = (k: number) => {
    const { re, im } = column(tile, k);
    return { re: program.read(re), im: im === '' ? '' : program.read(im) };
  };
  inverseRealFourier(program, tile, X, 1 / tile ** 2, hold, (i, x) => {
    program.write(walk.to(i), x, i === 0 ? '' : `height > ${i}`);
  });
  return `/** y(i, j) = Σ_k F_k(j) · ω^(−ki) / ${tile ** 2} of the first rows and columns: ${count(program)} a column. */
export function inverseColumns(f32: Float32Array, height: number, width: number, y: number, pitch: number): void {
${walk.constants()}  for (let j = 0; j < width; j++) {
    const q = j & ${tile - 1};
    let o = (y + j) | 0;
${program.text('    ')}  }
}
`;
}

type Walk = ReturnType<Program['walk']>;

/** V = (a + b, b, a) of a + ib, and U = (c, c − d, c + d) of c + id. */
const GAUSS = {
  input: { letter: 'v', planes: (program: Program, { re, im }: Complex) => [program.add(re, im), im, re] },
  kernel: {
    letter: 'u',
    planes: (program: Program, { re, im }: Complex) => [re, program.subtract(re, im), program.add(re, im)],
  },
} as const;

/** Y = (m1 − m2) + i (m1 − m3) */
function readPlanes(program: Program, walk: Walk, position: number): Complex {
  const [m1, m2, m3] = [0, 1, 2].map((n) => program.read(walk.to(position + n)));
  return { re: program.subtract(m1, m2), im: program.subtract(m1, m3) };
}

function forwardRealRows(tile: number, side: 'input' | 'kernel'): string {
  const program = new Program();
  const { letter, planes } = GAUSS[side];
  const walk = program.walk(`${letter}Position`);
  for (const [row, k] of [0, tile / 2].entries()) {
    const spectrum: Complex[] = [];
    realFourier(
      program,
      tile,
      (j) => program.read(`s[${row * tile + j}]`),
      keep,
      (l, X) => {
        spectrum[l] = X;
      },
    );
    for (const l of [0, tile / 2]) program.write(walk.to(fourierPosition(tile, k, l)), spectrum[l].re);
    for (let l = 1; l < tile / 2; l++) {
      const position = fourierPosition(tile, k, l);
      for (const [n, plane] of planes(program, spectrum[l]).entries()) program.write(walk.to(position + n), plane);
    }
  }
  return `/** X(0, l) and X(${tile / 2}, l) of the rows F_0 and F_${tile / 2}: ${count(program)}. */
export function ${side}RealRows(f32: Float32Array, ${letter}: number, ${letter}Position: number): void {
${walk.constants()}  let o = ${letter} | 0;
${program.text('  ')}}
`;
}

function inverseRealRows(tile: number): string {
  const program = new Program();
  const walk = program.walk('mPosition');
  for (const [row, k] of [0, tile / 2].entries()) {
    const spectrum: Complex[] = [];
    for (const l of [0, tile / 2]) spectrum[l] = { re: program.read(walk.to(fourierPosition(tile, k, l))), im: '' };
    for (let l = 1; l < tile / 2; l++) spectrum[l] = readPlanes(program, walk, fourierPosition(tile, k, l));
    inverseRealFourier(
      program,
      tile,
      (l) => spectrum[l],
      1,
      keep,
      (j, x) => program.write(`s[${row * tile + j}]`, x),
    );
  }
  return `/** ${tile} · F_0 and ${tile} · F_${tile / 2}: ${count(program)}. */
export function inverseRealRows(f32: Float32Array, m: number, mPosition: number): void {
${walk.constants()}  let o = m | 0;
${program.text('  ')}}
`;
}

function forwardComplexRows(tile: number, side: 'input' | 'kernel'): string {
  const program = new Program();
  const { letter, planes } = GAUSS[side];
  const walk = program.walk(`${letter}Position`);
  const x = (j: number) => ({ re: program.read(`s[q + ${j}]`), im: program.read(`s[q + ${tile + j}]`) });
  complexRow(program, tile, x, (l, X) => {
    for (const [n, plane] of planes(program, X).entries()) program.write(walk.to(3 * l + n), plane);
  });
  walk.to(3 * tile);
  return `/** X(k, l) of the rows F_k, 0 < k < ${tile / 2}: ${count(program)} a row. */
export function ${side}ComplexRows(f32: Float32Array, ${letter}: number, ${letter}Position: number): void {
${walk.constants()}  let o = (${letter} + ${fourierPosition(tile, 1, 0)} * ${letter}Position) | 0;
  for (let q = ${2 * tile}; q < ${tile ** 2}; q += ${2 * tile}) {
${program.text('    ')}  }
}
`;
}

function inverseComplexRows(tile: number): string {
  const program = new Program();
  const walk = program.walk('mPosition');
  const x = (l: number) => exchange(readPlanes(program, walk, 3 * l));
  complexRow(program, tile, x, (j, X) => {
    program.write(`s[q + ${j}]`, X.im);
    program.write(`s[q + ${tile + j}]`, X.re);
  });
  walk.to(3 * tile);
  return `/** ${tile} · F_k, 0 < k < ${tile / 2}: ${count(program)} a row. */
export function inverseComplexRows(f32: Float32Array, m: number, mPosition: number): void {
${walk.constants()}  let o = (m + ${fourierPosition(tile, 1, 0)} * mPosition) | 0;
  for (let q = ${2 * tile}; q < ${tile ** 2}; q += ${2 * tile}) {
${program.text('    ')}  }
}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  for (const [path, text] of generateFourier()) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    writeFileSync(`${root}/${path}`, text);
  }
}
