/**
 * Writes src/kernels/scalar/generated/gemm.ts: the micro-kernels of the matrix multiplication, and their scratch.
 *
 * A micro-kernel holds a block of A still and streams over the columns of a panel, as in
 *
 *     C_ij += A_i0 · B_0j + (A_i1 · B_1j + A_i2 · B_2j)    for the rows i of the block, four columns j at a time
 *
 * with B and C as doubles in scratch. What V8 makes of it decides its form; each point was read in machine code.
 *
 *  - Nothing but j is carried round the loop, so nothing that is spilled is waited for. A register tile, which carries
 *    its sums over k, is bound to six of them: V8 does all products of an iteration before the first addition, and needs
 *    two registers a sum.
 *  - The constants of A live on the stack. Four columns share one load of each. It stands on the left of the product:
 *    V8 wants that operand in a register, and so loads it once, where the right one is read from memory four times.
 *  - Three rows of B, because three rows of four columns fill twelve of fifteen registers, and because the products are
 *    summed before C is added: the chain of dependent additions is as short as that.
 *  - One array for each row of C and for each row of B in turn: the same index then serves all arrays of one length,
 *    and V8 drops the repeated bounds checks. As unexported constants they are folded into the code.
 *  - Doubles, because conversions share the ports of the additions. B is converted once for all rows of A.
 *  - A read past the end would spoil a function for good, and zeros in place of missing rows would let NaN · 0 in. So
 *    there is one micro-kernel for each height and depth that sizes are cut into. Only columns go beyond n, to the next
 *    multiple of four, in scratch: what is there never meets another column.
 *
 * Run as `npx tsx scripts/generate-gemm.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Heights of a block of A. The first is the fastest; the others take what is left. */
const HEIGHTS = [16, 8, 4, 2, 1];
/** Depths of a block of A: so many rows of B meet at once. */
const DEPTHS = [3, 2, 1];
/** Columns of one step of the loop. */
const STEP = 4;
/** Columns of scratch: sixteen rows of C and three of B then fill two thirds of a first-level cache of 32 KiB. */
const COLUMNS = 128;
/** Rows of B in scratch: with 128 columns, less than half of a second-level cache of 1 MiB. */
const ROWS = 384;
/** Doubles between arrays of scratch, so that equal indices do not all fall into one set of a cache. */
const GAP = 8;

/** The text of every generated file by its path from the project's root. */
export function generateGemm(): Map<string, string> {
  return new Map([['src/kernels/scalar/generated/gemm.ts', file()]]);
}

function file(): string {
  const [mr, kr] = [HEIGHTS[0], DEPTHS[0]];
  const bLength = (ROWS / kr) * COLUMNS;
  const bAt = (l: number) => mr * (COLUMNS + GAP) + l * (bLength + GAP);
  const table = HEIGHTS.map((height) => {
    const multiply = [...DEPTHS].reverse().map((depth) => microkernelName(height, depth));
    return `  { rows: ${height}, multiply: [${multiply.join(', ')}] },`;
  });
  return `// Written by scripts/generate-gemm.ts, which says why it is as it is. Do not edit.
//
// C += A · B for a block of A in float32, with B and C as doubles in scratch.

/** Columns that the scratch has room for. */
export const COLUMNS = ${COLUMNS};
/** Rows of B that the scratch has room for. */
export const ROWS = ${ROWS};
/** Columns are done in groups of so many; the last group may go beyond n. */
export const STEP = ${STEP};

/** Row i of C is at i · C_PITCH. */
export const C_PITCH = ${COLUMNS + GAP};
/** Row l of B is in array l % ${kr}, of which the first starts at B and others B_STEP further, after ⌊l / ${kr}⌋ rows. */
export const B = ${bAt(0)};
export const B_STEP = ${bLength + GAP};
export const scratch = new ArrayBuffer(${8 * bAt(kr)});

${indices(mr)
  .map((i) => `const c${i} = new Float64Array(scratch, ${8 * i * (COLUMNS + GAP)}, ${COLUMNS});`)
  .join('\n')}
${indices(kr)
  .map((l) => `const b${l} = new Float64Array(scratch, ${8 * bAt(l)}, ${bLength});`)
  .join('\n')}

/** C += A · B. A is (rows, depth) at a, B is (depth, n) at b in each of the first arrays of bRows, C is (rows, n). */
export type Microkernel = (f32: Float32Array, n: number, a: number, lda: number, b: number) => void;

/** The micro-kernels by rows of A, then by depth − 1. */
export const MICROKERNELS: readonly { readonly rows: number; readonly multiply: readonly Microkernel[] }[] = [
${table.join('\n')}
];

${HEIGHTS.flatMap((height) => DEPTHS.map((depth) => microkernel(height, depth))).join('\n')}`;
}

function microkernel(height: number, depth: number): string {
  const lines = [`function ${microkernelName(height, depth)}(f32: Float32Array, n: number, a: number, lda: number, b: number): void {`];
  lines.push(`  // A is (${height}, ${depth}), B is (${depth}, n), C is (${height}, n)`);
  indices(height).forEach((i) => {
    const row = i === 0 ? 'a | 0' : `(r${i - 1} + lda) | 0`;
    const elements = indices(depth).map((l) => `a${i}_${l} = f32[${plus(`r${i}`, l)}]`);
    lines.push(`  const r${i} = ${row};`, `  const ${elements.join(', ')};`);
  });
  lines.push(`  for (let j0 = 0; j0 < n; j0 = (j0 + ${STEP}) | 0) {`);
  lines.push('    const p0 = (b + j0) | 0;');
  for (let u = 1; u < STEP; u++) lines.push(`    const j${u} = (j0 + ${u}) | 0, p${u} = (p0 + ${u}) | 0;`);
  for (let u = 0; u < STEP; u++) {
    lines.push(`    const ${indices(depth).map((l) => `b${l}_${u} = b${l}[p${u}]`).join(', ')};`);
  }
  indices(height).forEach((i) => {
    for (let u = 0; u < STEP; u++) lines.push(`    c${i}[j${u}] += ${sum(indices(depth).map((l) => `a${i}_${l} * b${l}_${u}`))};`);
  });
  lines.push('  }', '}', '');
  return lines.join('\n');
}

function microkernelName(height: number, depth: number): string {
  return `multiply${height}x${depth}`;
}

/** x + (y + z): the last two products are ready together. */
function sum([first, ...others]: string[]): string {
  if (others.length === 0) return first;
  return `${first} + ${others.length === 1 ? others[0] : `(${sum(others)})`}`;
}

function plus(index: string, offset: number): string {
  return offset === 0 ? index : `(${index} + ${offset}) | 0`;
}

function indices(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of generateGemm()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(path);
  }
}
