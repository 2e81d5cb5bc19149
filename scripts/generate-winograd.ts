/**
 * Writes the Winograd transforms of src/kernels/scalar/generated: straight-line passes from the Cook–Toom matrices.
 *
 * A transform of two axes, L x Rᵀ, is two passes through a scratch of 8 × 8 doubles (16 × 16 for
 * tiles beyond 8): `columns` reads float32 memory and
 * applies L to each column, `rows` applies R to each row of the scratch and writes float32 memory. All three transforms
 * (Bᵀ d B, G g Gᵀ, Aᵀ m A) have the same two kinds of pass; only the matrix differs.
 *
 * What a pass does to a column or row is the straight-line program of src/maths/winograd-program.ts, over text.
 *
 * Run as `npx tsx scripts/generate-winograd.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Matrix, winogradMatrices } from '../src/maths/cook-toom.ts';
import type { Rational } from '../src/maths/rational.ts';
import { WINOGRAD_TILES, type WinogradTile } from '../src/maths/tiles.ts';
import { type Arithmetic, transform } from '../src/maths/winograd-program.ts';

const TRANSFORMS = {
  input: { product: 'Bᵀ d B', matrix: 'bT', name: 'Bᵀ', x: 'd', y: 'v' },
  kernel: { product: 'G g Gᵀ', matrix: 'g', name: 'G', x: 'g', y: 'u' },
  output: { product: 'Aᵀ m A', matrix: 'aT', name: 'Aᵀ', x: 'm', y: 'y' },
} as const;

type TransformName = keyof typeof TRANSFORMS;

const NAMES = ['input', 'kernel', 'output'] as const;

/** The text of every generated file by its path from the project's root. */
export function generateWinograd(): Map<string, string> {
  const files = new Map<string, string>();
  for (const tile of WINOGRAD_TILES) {
    for (const transform of NAMES) {
      files.set(`src/kernels/scalar/generated/winograd${tile.edge}-${transform}.ts`, file(tile, transform));
    }
  }
  files.set('src/kernels/scalar/generated/winograd.ts', listFile());
  return files;
}

/** The passes of all tiles by their edge. */
function listFile(): string {
  const edges = WINOGRAD_TILES.map(({ edge }) => edge).toSorted((a, b) => a - b);
  const imports = edges.flatMap((edge) =>
    NAMES.map((name) => `import { ${name}Passes as ${name}${edge} } from './winograd${edge}-${name}.ts';`),
  );
  const entries = edges.map((edge) => `  ${edge}: { ${NAMES.map((name) => `${name}: ${name}${edge}`).join(', ')} },`);
  return `// Written by scripts/generate-winograd.ts. Do not edit.
${imports.join('\n')}

/** The transforms of every tile by its edge. */
export const PASSES = {
${entries.join('\n')}
};
`;
}

/** One transform of one tile: the passes of every r, the identity of a flat axis, and a table of them by r. */
function file({ edge: tile, kernelSizes: sizes }: WinogradTile, transform: TransformName): string {
  const { product, matrix, name, x, y } = TRANSFORMS[transform];
  // Bᵀ is the same for every r but 1, and is written once.
  const suffix = (r: number) => (transform === 'input' && r > 1 ? tile : r);
  const edge = tile > 8 ? 16 : 8;
  const passes = [...new Map(sizes.map((r) => [suffix(r), r]))].map(([end, r]) =>
    passPair(edge, end, winogradMatrices(r === 1 ? 1 : tile, r)[matrix], name, x, y),
  );
  const entry = (r: number) => `  ${r}: { columns: columns${suffix(r)}, rows: rows${suffix(r)} },`;
  return `// Written by scripts/generate-winograd.ts. Do not edit.
//
// ${product} of the ${tile} × ${tile} tile: columns of ${x} from memory to the scratch, then rows of the scratch to memory.
// Offsets, pitches (from row to row) and steps (along a row) are elements of f32.

/** One tile between the two passes, rows ${edge} apart. Not exported, and indices masked, so that V8 folds it and its bounds. */
const s = new Float64Array(${edge ** 2});

${passes.join('\n')}
/** The two passes by the size r of the kernel along the axis${sizes[0] === 1 ? '; 1 is the flat axis' : ''}. */
export const ${transform}Passes = {
${sizes.map(entry).join('\n')}
};
`;
}

/** Both passes of one matrix, through a scratch of edge × edge. */
function passPair(edge: number, suffix: number, matrix: Matrix, name: string, x: string, y: string): string {
  const inputs = matrix[0].length;
  const outputs = matrix.length;
  const inMemory = (k: number) => (k === 0 ? 'f32[p]' : `f32[(p + p${k}) | 0]`);
  const inScratch = (k: number) => (k === 0 ? 's[q]' : `s[q + ${k}]`);
  return `/** s_ij = Σ_k ${name}_ik · ${x}_kj, ${x} of ${inputs} × width. */
function columns${suffix}(f32: Float32Array, width: number, ${x}: number, ${inputs === 1 ? '_' : ''}pitch: number, step: number): void {
${multiples('pitch', inputs)}  let p = ${x} | 0;
  for (let j = 0; j < width; j++) {
    const q = j & ${edge - 1};
${loads(x, inputs, inMemory)}${oneDimensional(matrix, name, x, (k) => inScratch(edge * k))}    p = (p + step) | 0;
  }
}

/** ${y}_ij = Σ_k s_ik · ${name}_jk, ${y} of height × ${outputs}. */
function rows${suffix}(f32: Float32Array, height: number, ${y}: number, pitch: number, ${outputs === 1 ? '_' : ''}step: number): void {
${multiples('step', outputs)}  let p = ${y} | 0;
  for (let i = 0; i < height; i++) {
    const q = (i & ${edge - 1}) * ${edge};
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
  // What is shared by all rows, then a part for each row or pair of rows.
  const parts: { rows: readonly number[]; shared: string }[] = [{ rows: [], shared: '' }];
  const arithmetic: Arithmetic<Text> = {
    add: (a, b) => ({ text: `${a.text} + ${enclosed(b)}`, isSum: true }),
    subtract: (a, b) => ({ text: `${a.text} - ${enclosed(b)}`, isSum: true }),
    multiply(factor, a) {
      const sign = factor.sign() < 0 ? '-' : '';
      return { text: `${sign}${literal(factor.abs())} * ${enclosed(a)}`, isSum: false };
    },
    share(variable, { text }) {
      parts[parts.length - 1].shared += `    const ${variable} = ${text};\n`;
      return { text: variable, isSum: false };
    },
    begin: (rows) => parts.push({ rows, shared: '' }),
  };
  const variables = matrix[0].map((_, k): Text => ({ text: `${x}${k}`, isSum: false }));
  const y = transform(arithmetic, matrix, variables);
  return parts
    .map(({ rows, shared }) => {
      const comments = rows.map((p) => `    // ${name}[${p}] = ${matrix[p].join(' ')}\n`);
      const results = rows.map((p) => `    ${write(p)} = ${y[p].text};\n`);
      return [...comments, shared, ...results].join('');
    })
    .join('');
}

/** A value as an expression of TypeScript. */
interface Text {
  readonly text: string;
  readonly isSum: boolean;
}

const enclosed = ({ text, isSum }: Text): string => (isSum ? `(${text})` : text);

/** A coefficient as TypeScript: exact where it is a binary fraction, else a quotient that the compiler rounds once. */
function literal(c: Rational): string {
  const dyadic = (c.denominator & (c.denominator - 1n)) === 0n;
  return dyadic ? `${c.toNumber()}` : `(${c.numerator} / ${c.denominator})`;
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
