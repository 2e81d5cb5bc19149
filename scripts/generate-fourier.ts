/**
 * Writes the Fourier transforms of src/kernels/scalar/generated: straight-line passes for tiles of 8 × 8 and 16 × 16.
 *
 * The programs are those of ../src/maths/fourier-program.ts, here as functions between float32 memory and a scratch of
 * T × T doubles. A pass is a function with one loop at most around one program, and meets one kind of array on either side.
 *
 * Run as `npx tsx scripts/generate-fourier.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fourierPosition } from '../src/maths/fourier-layout.ts';
import {
  FOURIER_EDGES,
  type FourierEdge,
  type FourierSide,
  forwardColumn,
  forwardComplexRow,
  forwardRealRows,
  inverseColumn,
  inverseComplexRow,
  inverseRealRows,
} from '../src/maths/fourier-program.ts';
import type { Program } from '../src/maths/straight-line.ts';
import { operationsOf, typescript } from './straight-line.ts';

/** The text of every generated file by its path from the project's root. */
export function generateFourier(): Map<string, string> {
  return new Map(FOURIER_EDGES.map((edge) => [`src/kernels/scalar/generated/fourier${edge}.ts`, file(edge)]));
}

function file(edge: FourierEdge): string {
  const half = edge / 2;
  const sides = ['input', 'kernel'] as const;
  const passes = [
    forwardColumns(edge),
    ...sides.flatMap((side) => [forwardReal(edge, side), forwardComplex(edge, side)]),
    inverseReal(edge),
    inverseComplex(edge),
    inverseColumns(edge),
  ];
  return `// Written by scripts/generate-fourier.ts. Do not edit.
//
// Real two-dimensional Fourier transforms of the ${edge} × ${edge} tile, unscaled forward, divided by ${edge ** 2} inverse.
// Offsets, pitches (from row to row) and steps (from position to position) are elements of f32; the order of positions is
// that of ../../fourier-layout.ts. Constants are √½ = 0.7071…, cos π/8 = 0.9238… and sin π/8 = 0.3826…, times 2 in
// inverseRealRows and times 2/${edge ** 2} in inverseColumns.

/** The half spectrum between two passes, rows of ${edge}: F_0, F_${half}, Re F_1, Im F_1, Re F_2 … Not exported, so that V8 folds it. */
const s = new Float64Array(${edge ** 2});
${edge === 8 ? '' : '\n/** What waits inside one transform. */\nconst p = new Float64Array(32);\n'}
/** Zeroes the columns that a forwardColumns of fewer columns will leave. */
export function clearColumns(): void {
  s.fill(0);
}

${passes.join('\n')}`;
}

function forwardColumns(edge: FourierEdge): string {
  const program = forwardColumn(edge);
  const { constants, text } = typescript(program, '    ', { distance: 'pitch', scratch: inColumn });
  return `/** F_k(j) = Σ_i x(i, j) · ω^ki of the first \`width\` columns of the tile at d: ${operationsOf(program)} a column. */
export function forwardColumns(f32: Float32Array, width: number, d: number, pitch: number): void {
${constants}  for (let j = 0; j < width; j++) {
    const q = j & ${edge - 1};
    let o = (d + j) | 0;
${text}  }
}
`;
}

function inverseColumns(edge: FourierEdge): string {
  const program = inverseColumn(edge);
  const condition = (i: number) => (i === 0 ? '' : `height > ${i}`);
  const { constants, text } = typescript(program, '    ', { distance: 'pitch', scratch: inColumn, condition });
  return `/** y(i, j) = Σ_k F_k(j) · ω^(−ki) / ${edge ** 2} of the first rows and columns: ${operationsOf(program)} a column. */
export function inverseColumns(f32: Float32Array, height: number, width: number, y: number, pitch: number): void {
${constants}  for (let j = 0; j < width; j++) {
    const q = j & ${edge - 1};
    let o = (y + j) | 0;
${text}  }
}
`;
}

const inColumn = (index: number) => (index === 0 ? 's[q]' : `s[q + ${index}]`);

const LETTERS = { input: 'v', kernel: 'u' } as const;

function forwardReal(edge: FourierEdge, side: FourierSide): string {
  const program = forwardRealRows(edge, side);
  return `/** X(0, l) and X(${edge / 2}, l) of the rows F_0 and F_${edge / 2}: ${operationsOf(program)}. */
${realRows(`${side}RealRows`, program, LETTERS[side])}`;
}

function inverseReal(edge: FourierEdge): string {
  const program = inverseRealRows(edge);
  return `/** ${edge} · F_0 and ${edge} · F_${edge / 2}: ${operationsOf(program)}. */
${realRows('inverseRealRows', program, 'm')}`;
}

function realRows(name: string, program: Program, letter: string): string {
  const scratch = (index: number) => `s[${index}]`;
  const { constants, text } = typescript(program, '  ', { distance: `${letter}Position`, scratch });
  return `export function ${name}(f32: Float32Array, ${letter}: number, ${letter}Position: number): void {
${constants}  let o = ${letter} | 0;
${text}}
`;
}

function forwardComplex(edge: FourierEdge, side: FourierSide): string {
  const program = forwardComplexRow(edge, side);
  return `/** X(k, l) of the rows F_k, 0 < k < ${edge / 2}: ${operationsOf(program)} a row. */
${complexRows(`${side}ComplexRows`, program, LETTERS[side], edge)}`;
}

function inverseComplex(edge: FourierEdge): string {
  const program = inverseComplexRow(edge);
  return `/** ${edge} · F_k, 0 < k < ${edge / 2}: ${operationsOf(program)} a row. */
${complexRows('inverseComplexRows', program, 'm', edge)}`;
}

function complexRows(name: string, program: Program, letter: string, edge: FourierEdge): string {
  const spelling = { distance: `${letter}Position`, scratch: (index: number) => `s[q + ${index}]`, end: 3 * edge };
  const { constants, text } = typescript(program, '    ', spelling);
  return `export function ${name}(f32: Float32Array, ${letter}: number, ${letter}Position: number): void {
${constants}  let o = (${letter} + ${fourierPosition(edge, 1, 0)} * ${letter}Position) | 0;
  for (let q = ${2 * edge}; q < ${edge ** 2}; q += ${2 * edge}) {
${text}  }
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
