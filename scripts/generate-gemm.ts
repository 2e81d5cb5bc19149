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
 *  - Three rows of B, because three rows of four columns fill twelve of fifteen registers. Their products are summed
 *    before they meet C: short chains of dependent additions are worth more than fewer accesses to C.
 *  - One array for each row of C and for each row of B in turn: the same index then serves all arrays of one length,
 *    and V8 drops the repeated bounds checks. As constants of a function that runs once they
 *    are folded into the code; as constants of the module they would be too, until a bundler makes them variables.
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
/** Rows of B in scratch: 64 channels of 3 × 3 taps. With 128 columns, half of a second-level cache of 1 MiB. */
const ROWS = 576;
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
    return `    { rows: ${height}, multiply: [${multiply.join(', ')}] },`;
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

/** Sixteen rows of C, then rows of B: rows l, l + ${kr}, l + ${2 * kr} … are one behind the other in part l = 0 … ${kr - 1}. Zero at first. */
export const scratch = new ArrayBuffer(${8 * bAt(kr)});
/** Doubles from one row of C to the next. */
export const C_PITCH = ${COLUMNS + GAP};
/** Where the parts of B are in scratch, in doubles. */
export const B_PARTS: readonly number[] = [${indices(kr).map(bAt).join(', ')}];

/** C += A · B, with A at a in f32 and B at b in each part. */
export type Microkernel = (f32: Float32Array, n: number, a: number, lda: number, b: number) => void;

/** The micro-kernels by rows of A, then by depth − 1. */
export const MICROKERNELS = microkernels();

function microkernels(): readonly { readonly rows: number; readonly multiply: readonly Microkernel[] }[] {
${indices(mr)
  .map((i) => `  const c${i} = new Float64Array(scratch, ${8 * i * (COLUMNS + GAP)}, ${COLUMNS});`)
  .join('\n')}
${indices(kr)
  .map((l) => `  const b${l} = new Float64Array(scratch, ${8 * bAt(l)}, ${bLength});`)
  .join('\n')}

  return [
${table.join('\n')}
  ];

${HEIGHTS.flatMap((height) => DEPTHS.map((depth) => indent(microkernel(height, depth)))).join('\n')}}
`;
}

function microkernel(height: number, depth: number): string {
  const [rows, columns, terms] = [indices(height), indices(STEP), indices(depth)];
  const parameters = `f32: Float32Array, n: number, a: number, ${height === 1 ? '_lda' : 'lda'}: number, b: number`;
  const constants = rows.map((i) => {
    const values = terms.map((l) => `a${i}_${l} = f32[${l === 0 ? `r${i}` : `(r${i} + ${l}) | 0`}]`);
    return `  const r${i} = ${i === 0 ? 'a | 0' : `(r${i - 1} + lda) | 0`}, ${values.join(', ')};\n`;
  });
  const loads = columns.map((u) => `    const ${terms.map((l) => `b${l}_${u} = b${l}[p${u}]`).join(', ')};\n`);
  const sums = rows.flatMap((i) =>
    columns.map((u) => `    c${i}[j${u}] += ${sum(terms.map((l) => `a${i}_${l} * b${l}_${u}`))};\n`),
  );
  return `function ${microkernelName(height, depth)}(${parameters}): void {
  // A is (${height}, ${depth}), B is (${depth}, n), C is (${height}, n)
${constants.join('')}  for (let j0 = 0; j0 < n; j0 = (j0 + ${STEP}) | 0) {
    const ${columns
      .slice(1)
      .map((u) => `j${u} = (j0 + ${u}) | 0`)
      .join(', ')};
    const p0 = (b + j0) | 0, ${columns
      .slice(1)
      .map((u) => `p${u} = (p0 + ${u}) | 0`)
      .join(', ')};
${loads.join('')}${sums.join('')}  }
}
`;
}

function microkernelName(height: number, depth: number): string {
  return `multiply${height}x${depth}`;
}

/** x + (y + z): the last two products are ready together. */
function sum([first, ...others]: string[]): string {
  if (others.length === 0) return first;
  return `${first} + ${others.length === 1 ? others[0] : `(${sum(others)})`}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
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
