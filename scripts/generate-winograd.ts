/**
 * Writes the Winograd transforms of src/kernels/scalar/generated: straight-line passes from the Cook–Toom matrices.
 *
 * A transform of two axes, L x Rᵀ, is two passes through a scratch of 8 × 8 doubles: `columns` reads float32 memory and
 * applies L to each column, `rows` applies R to each row of the scratch and writes float32 memory. All three transforms
 * (Bᵀ d B, G g Gᵀ, Aᵀ m A) have the same two kinds of pass; only the matrix differs.
 *
 * A 1-D transform y = M x is shortened by the symmetry of the points: those of x and −x are neighbours, and
 * - their rows of Bᵀ and of G are e + o and e − o, the sums over even and over odd columns of one of them;
 * - their columns of Aᵀ differ by the sign of odd rows, which therefore need only e = m_p + m_q or o = m_p − m_q.
 * Both are found in the matrix, not assumed. Zeros are dropped, equal coefficients share one multiplication, and 1 has none.
 *
 * Run as `npx tsx scripts/generate-winograd.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Matrix, type TileEdge, winogradMatrices } from '../src/kernels/cook-toom.ts';
import { Rational } from '../src/kernels/rational.ts';

const TRANSFORMS = {
  input: { product: 'Bᵀ d B', matrix: 'bT', name: 'Bᵀ', x: 'd', y: 'v' },
  kernel: { product: 'G g Gᵀ', matrix: 'g', name: 'G', x: 'g', y: 'u' },
  output: { product: 'Aᵀ m A', matrix: 'aT', name: 'Aᵀ', x: 'm', y: 'y' },
} as const;

type TransformName = keyof typeof TRANSFORMS;

/** The text of every generated file by its path from the project's root. */
export function generateWinograd(): Map<string, string> {
  const files = new Map<string, string>();
  for (const tile of [6, 8] as const) {
    for (const transform of ['input', 'kernel', 'output'] as const) {
      files.set(`src/kernels/scalar/generated/winograd${tile}-${transform}.ts`, file(tile, transform));
    }
  }
  return files;
}

/** One transform of one tile: the passes of every r, the identity of a flat axis, and a table of them by r. */
function file(tile: TileEdge, transform: TransformName): string {
  const { product, matrix, name, x, y } = TRANSFORMS[transform];
  // r ≤ T − 1: a tile has two outputs or more. Bᵀ is the same for every r, and is written once.
  const kernelSizes = Array.from({ length: tile - 2 }, (_, k) => k + 2);
  const written = transform === 'input' ? [2] : kernelSizes;
  const suffix = (r: number) => (transform === 'input' && r > 1 ? tile : r);
  const passes = [passPair(1, winogradMatrices(1, 1)[matrix], name, x, y)];
  for (const r of written) passes.push(passPair(suffix(r), winogradMatrices(tile, r)[matrix], name, x, y));
  const entry = (r: number) => `  ${r}: { columns: columns${suffix(r)}, rows: rows${suffix(r)} },`;
  return `// Written by scripts/generate-winograd.ts. Do not edit.
//
// ${product} of the ${tile} × ${tile} tile: columns of ${x} from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows 8 apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(64);

${passes.join('\n')}
/** The two passes by the size r of the kernel along the axis; 1 is the flat axis. */
export const ${transform}Passes = {
${[1, ...kernelSizes].map(entry).join('\n')}
};
`;
}

/** Both passes of one matrix. */
function passPair(suffix: number, matrix: Matrix, name: string, x: string, y: string): string {
  const inputs = matrix[0].length;
  const outputs = matrix.length;
  const inMemory = (k: number) => (k === 0 ? 'f32[p]' : `f32[(p + p${k}) | 0]`);
  const inScratch = (k: number) => (k === 0 ? 's[q]' : `s[q + ${k}]`);
  return `/** s_ij = Σ_k ${name}_ik · ${x}_kj, ${x} of ${inputs} × width. */
function columns${suffix}(f32: Float32Array, width: number, ${x}: number, ${inputs === 1 ? '_' : ''}pitch: number, step: number): void {
${multiples('pitch', inputs)}  let p = ${x} | 0;
  for (let j = 0; j < width; j++) {
    const q = j & 7;
${loads(x, inputs, inMemory)}${oneDimensional(matrix, name, x, (k) => inScratch(8 * k))}    p = (p + step) | 0;
  }
}

/** ${y}_ij = Σ_k s_ik · ${name}_jk, ${y} of height × ${outputs}. */
function rows${suffix}(f32: Float32Array, height: number, ${y}: number, pitch: number, ${outputs === 1 ? '_' : ''}step: number): void {
${multiples('step', outputs)}  let p = ${y} | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & 7) * 8;
${loads(x, inputs, inScratch)}${oneDimensional(matrix, name, x, inMemory)}    p = (p + pitch) | 0;
  }
}
`;
}

/** p1 … = the distances of rows or columns 1 … n − 1 from the first. */
function multiples(distance: string, n: number): string {
  return indices(n - 1)
    .map((k) => `  const p${k + 1} = ${k === 0 ? `${distance} | 0` : `(p${k} + ${distance}) | 0`};\n`)
    .join('');
}

function loads(x: string, n: number, read: (k: number) => string): string {
  return indices(n)
    .map((k) => `    const ${x}${k} = ${read(k)};\n`)
    .join('');
}

/** The statements of y = M x from the variables x0 … to the places `write` names, with a comment of each row of M. */
function oneDimensional(matrix: Matrix, name: string, x: string, write: (k: number) => string): string {
  const columnPairs = findPairs(transpose(matrix));
  if (columnPairs.size > 0) return byColumnPairs(matrix, name, x, columnPairs, write);
  return byRowPairs(matrix, name, x, write);
}

/** Bᵀ and G: rows p and q of the points ±x as e + o and e − o. */
function byRowPairs(matrix: Matrix, name: string, x: string, write: (k: number) => string): string {
  const pairs = findPairs(matrix);
  const literals = new Set<string>();
  const seconds = new Set(pairs.values());
  let text = '';
  for (const p of indices(matrix.length)) {
    if (seconds.has(p)) continue;
    const terms = matrix[p].map((c, k): Term => [c, `${x}${k}`]);
    const q = pairs.get(p);
    text += `    // ${name}[${p}] = ${matrix[p].join(' ')}\n`;
    if (q === undefined) {
      text += `    ${write(p)} = ${sum(terms, literals)};\n`;
      continue;
    }
    text += `    // ${name}[${q}] = ${matrix[q].join(' ')}\n`;
    text += `    const e${p} = ${sum(
      terms.filter((_, k) => k % 2 === 0),
      literals,
    )};\n`;
    text += `    const o${p} = ${sum(
      terms.filter((_, k) => k % 2 === 1),
      literals,
    )};\n`;
    text += `    ${write(p)} = e${p} + o${p};\n    ${write(q)} = e${p} - o${p};\n`;
  }
  return text;
}

/** Aᵀ: columns p and q of the points ±x through e = x_p + x_q in even rows, o = x_p − x_q in odd ones. */
function byColumnPairs(
  matrix: Matrix,
  name: string,
  x: string,
  pairs: Map<number, number>,
  write: (k: number) => string,
): string {
  const literals = new Set<string>();
  const seconds = new Set(pairs.values());
  let text = '';
  for (const [p, q] of pairs) {
    text += `    const e${p} = ${x}${p} + ${x}${q};\n    const o${p} = ${x}${p} - ${x}${q};\n`;
  }
  matrix.forEach((row, i) => {
    const variable = (p: number) => (pairs.has(p) ? `${i % 2 === 0 ? 'e' : 'o'}${p}` : `${x}${p}`);
    const terms = row.map((c, p): Term => [c, variable(p)]).filter((_, p) => !seconds.has(p));
    text += `    // ${name}[${i}] = ${row.join(' ')}\n    ${write(i)} = ${sum(terms, literals)};\n`;
  });
  return text;
}

/** Neighbouring rows p, q with M_qk = (−1)^k M_pk for all k: q by p. */
function findPairs(matrix: Matrix): Map<number, number> {
  const pairs = new Map<number, number>();
  for (let p = 0; p + 1 < matrix.length; p++) {
    const mirrored = matrix[p].map((c, k) => (k % 2 === 0 ? c : c.negate()));
    if (!mirrored.every((c, k) => c.equals(matrix[p + 1][k]))) continue;
    pairs.set(p, p + 1);
    p++;
  }
  return pairs;
}

type Term = [coefficient: Rational, variable: string];

/**
 * Σ c·x as text, or f · Σ (c/f)·x with a power of two f among the coefficients, which rounds the same, if all c/f are
 * literals of the pass already: o₃ = ½ d1 − 5/2 d3 + 2 d5 is 2 · (d5 + ¼ d1 − 5/4 d3), because e₃ has ¼ and 5/4. V8 builds
 * each literal in a general register first, and the input transform is 5 % faster with fewer of them.
 */
function sum(terms: Term[], literals: Set<string>): string {
  const nonZero = terms.filter(([c]) => c.sign() !== 0);
  const scaled = (factor: Rational) => nonZero.map(([c, x]): Term => [c.over(factor), x]);
  const isKnown = ([c]: Term) => c.abs().equals(Rational.ONE) || literals.has(literal(c.abs()));
  const isSeveral = new Set(nonZero.map(([c]) => String(c.abs()))).size > 1;
  const factors = isSeveral ? nonZero.map(([c]) => c.abs()).filter(isPowerOfTwo) : [];
  const factor = [Rational.ONE, ...factors].find((f) => scaled(f).every(isKnown)) ?? Rational.ONE;
  for (const [c] of scaled(factor)) literals.add(literal(c.abs()));
  const text = plainSum(scaled(factor));
  return factor.equals(Rational.ONE) ? text : `${literal(factor)} * (${text})`;
}

/** Σ c·x with the terms of one |c| together: positive terms first in a group, and groups with a positive one first. */
function plainSum(terms: Term[]): string {
  const groups = new Map<string, Term[]>();
  for (const term of terms) {
    const magnitude = literal(term[0].abs());
    groups.set(magnitude, [...(groups.get(magnitude) ?? []), term]);
  }
  const addends = [...groups].map(([magnitude, group]) => {
    const positive = group.filter(([c]) => c.sign() > 0).map(([, x]) => x);
    const negative = group.filter(([c]) => c.sign() < 0).map(([, x]) => x);
    const sign = positive.length > 0 ? 1 : -1;
    const [first, second] = sign > 0 ? [positive, negative] : [negative, positive];
    const text = [first.join(' + '), ...second].join(' - ');
    const inner = group.length > 1 && (magnitude !== '1' || sign < 0) ? `(${text})` : text;
    return { sign, magnitude, text: magnitude === '1' ? inner : `${magnitude} * ${inner}` };
  });
  addends.sort((a, b) => b.sign - a.sign || Number(b.magnitude === '1') - Number(a.magnitude === '1'));
  return addends.map(({ sign, text }, k) => (sign > 0 ? (k ? ' + ' : '') : k ? ' - ' : '-') + text).join('');
}

function isPowerOfTwo(c: Rational): boolean {
  return Number.isInteger(Math.log2(c.toNumber()));
}

/** A coefficient as TypeScript: exact where it is a binary fraction, else a quotient that the compiler rounds once. */
function literal(c: Rational): string {
  const dyadic = (c.denominator & (c.denominator - 1n)) === 0n;
  return dyadic ? `${c.toNumber()}` : `(${c.numerator} / ${c.denominator})`;
}

function transpose(matrix: Matrix): Matrix {
  return matrix[0].map((_, k) => matrix.map((row) => row[k]));
}

function indices(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of generateWinograd()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(path);
  }
}
