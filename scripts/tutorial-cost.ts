/**
 * What algorithms cost, for docs/algorithms: counts of `explainConvolution`, and operations counted in the text of the
 * generated transforms. Scalar kernels, one thread.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import { textTable } from '../src/dispatch/explain.ts';
import { Context, explainConvolution } from '../src/index.ts';
import { hasProgram } from '../src/maths/fourier-program.ts';
import { TILE_NAMES, type TileName, tileNamed } from '../src/maths/tiles.ts';

const HEAD = [
  ...['kernel', 'algorithm', 'tile', 'tiles', 'mul least', 'mul here'],
  ...['input ops', 'output ops', 'kernel ops', 'packed kB', 'work kB'],
];

/**
 * A row for each kernel size and algorithm, for 64 channels of 112 × 112 from as many. Multiplications are for one output
 * and one input channel; operations (additions and multiplications) are for one tile and one channel.
 *
 * @param root the project's folder, whose generated transforms are counted
 */
export function costTable(root: string, algorithms: readonly AlgorithmName[], kernels: readonly number[]): string {
  const context = new Context({ threads: 1, kernels: 'scalar' });
  const rows: (string | number)[][] = [];
  for (const r of kernels) {
    const [input, kernel] = [{ shape: [1, 64, 112, 112] }, { shape: [64, 64, r, r] }];
    const explanation = explainConvolution({ input, kernel, padding: (r - 1) / 2, context });
    for (const { algorithm, work } of explanation.candidates) {
      if (work === null || !algorithms.includes(algorithm)) continue;
      const here = (work.multiplyAdds / (64 * 64 * 112 * 112)).toFixed(2);
      const bytes = [work.packedBytes, work.workspaceBytes].map((n) => Math.round(n / 1000));
      if (!isTile(algorithm)) {
        rows.push([`${r}×${r}`, algorithm, '', '', r * r, here, '', '', '', ...bytes]);
        continue;
      }
      const { outputHeight: m, positions } = context.kernels.tile(algorithm, r, r);
      const operations = transformOperations(root, algorithm, r);
      const least = (positions / m ** 2).toFixed(2);
      rows.push([`${r}×${r}`, algorithm, `${m}×${m}`, work.tiles, least, here, ...operations, ...bytes]);
    }
  }
  context.dispose();
  const table = textTable([HEAD, ...rows.map((row) => row.map(String))]);
  return `64 channels of 112×112 from as many, padding (r − 1) / 2\n\n${table}`;
}

const isTile = (name: AlgorithmName): name is AlgorithmName & TileName =>
  (TILE_NAMES as readonly string[]).includes(name);

/**
 * Sums, differences and products of doubles in the input, output and kernel transform of one tile and an r × r kernel;
 * empty for the tiles that run on fft.js.
 */
function transformOperations(root: string, name: TileName, r: number): (number | string)[] {
  const T = Number.parseInt(name.slice(2), 10);
  const m = T - r + 1;
  const generated = (file: string) => operationsOf(join(root, 'src/kernels/scalar/generated', file));
  if (tileNamed(name).family === 'winograd') {
    const input = generated(`winograd${T}-input.ts`);
    const output = generated(`winograd${T}-output.ts`);
    const kernel = generated(`winograd${T}-kernel.ts`);
    return [
      T * input(`columns${T}`) + T * input(`rows${T}`),
      T * output(`columns${r}`) + m * output(`rows${r}`),
      r * kernel(`columns${r}`) + T * kernel(`rows${r}`),
    ];
  }
  if (!hasProgram(T)) return ['', '', ''];
  const of = generated(`fourier${T}.ts`);
  const complexRows = T / 2 - 1;
  return [
    T * of('forwardColumns') + of('inputRealRows') + complexRows * of('inputComplexRows'),
    of('inverseRealRows') + complexRows * of('inverseComplexRows') + m * of('inverseColumns'),
    r * of('forwardColumns') + of('kernelRealRows') + complexRows * of('kernelComplexRows'),
  ];
}

/** What one round of the loop of a function of this file does. */
function operationsOf(file: string): (name: string) => number {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  return (name) => {
    const found = source.statements.find((node) => ts.isFunctionDeclaration(node) && node.name?.text === name);
    if (found === undefined) throw new Error(`${file}: no function ${name}`);
    return arithmeticIn(found);
  };
}

const ARITHMETIC = [ts.SyntaxKind.PlusToken, ts.SyntaxKind.MinusToken, ts.SyntaxKind.AsteriskToken];
const BITWISE = [ts.SyntaxKind.BarToken, ts.SyntaxKind.AmpersandToken];

/** Whatever is cut to 32 bits is an index, and so is what is made of it: neither counts. */
function arithmeticIn(node: ts.Node): number {
  if (ts.isElementAccessExpression(node) || (ts.isExpression(node) && isIndex(node))) return 0;
  let count = ts.isBinaryExpression(node) && ARITHMETIC.includes(node.operatorToken.kind) ? 1 : 0;
  ts.forEachChild(node, (child) => {
    count += arithmeticIn(child);
  });
  return count;
}

function isIndex(node: ts.Node): boolean {
  if (ts.isElementAccessExpression(node)) return false;
  if (ts.isBinaryExpression(node) && BITWISE.includes(node.operatorToken.kind)) return true;
  return ts.forEachChild(node, (child) => isIndex(child) || undefined) ?? false;
}
