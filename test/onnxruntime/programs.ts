/**
 * Programs written for onnxruntime-node, run as they are and with one line changed: each is a process of its own, in a folder
 * with its models, that prints its numbers as JSON.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { classifier, detector, enlarger, everyType, product, recogniser } from './models.ts';

/** What a program prints: numbers and words by name. */
export type Printed = Readonly<Record<string, readonly (number | string)[]>>;

/** A program with its arguments. */
export interface Program {
  readonly file: string;
  readonly args?: readonly string[];
}

const SOURCE = join(import.meta.dirname, 'programs');
const WRITTEN_FOR = "'onnxruntime-node'";

/** Those of the documentation, and three that people have, on small models. */
export const PROGRAMS: readonly Program[] = [
  { file: 'quick-start.cjs' },
  { file: 'session-usage.mjs' },
  { file: 'tensors.mjs' },
  { file: 'classification.mjs', args: ['./classifier.onnx', '32', '40'] },
  { file: 'sequence.mjs', args: ['./detector.onnx', './recogniser.onnx'] },
  { file: 'dynamic-sizes.mjs', args: ['./enlarger.onnx', '24x32', '40x17', '9x64'] },
];

/** A folder with the models and the programs, which import `target`; in the package, so that its name means itself. */
export function programFolder(target: string): string {
  const folder = mkdtempSync(resolve('build/programs-'));
  const models = { product, classifier, detector, recogniser, enlarger };
  for (const [name, write] of Object.entries(models)) writeFileSync(join(folder, `${name}.onnx`), write());
  writeFileSync(join(folder, 'types.onnx'), everyType(['float32', 'float64', 'float16', 'int64', 'int32']));
  for (const file of readdirSync(SOURCE)) {
    const text = readFileSync(join(SOURCE, file), 'utf8');
    if (text.includes(WRITTEN_FOR))
      writeFileSync(join(folder, file), text.replace(WRITTEN_FOR, JSON.stringify(target)));
    else copyFileSync(join(SOURCE, file), join(folder, file));
  }
  return folder;
}

export function runProgram(folder: string, { file, args = [] }: Program): Printed {
  const text = execFileSync(process.execPath, [file, ...args], { cwd: folder, encoding: 'utf8', timeout: 120_000 });
  return JSON.parse(text) as Printed;
}

/**
 * Two single precisions of one value differ by what both round: at most some hundreds of terms are added up in a row, each
 * rounded to 2⁻²⁴ of the greatest, by several layers.
 */
const MOST = 4096 * 2 ** -24;

/** What is printed otherwise, a line each; numbers may differ by roundings of the greatest of their list. */
export function differences(got: Printed, expected: Printed): string[] {
  const names = [...new Set([...Object.keys(got), ...Object.keys(expected)])];
  return names.flatMap((name) => {
    const [a, b] = [got[name] ?? [], expected[name] ?? []];
    if (a.length !== b.length) return [`${name}: ${a.length} values, expected ${b.length}`];
    const greatest = b.reduce<number>((most, x) => (typeof x === 'number' ? Math.max(most, Math.abs(x)) : most), 0);
    const isNear = (x: unknown, y: unknown) =>
      Object.is(x, y) || (typeof x === 'number' && typeof y === 'number' && Math.abs(x - y) <= MOST * greatest);
    const at = a.findIndex((x, i) => !isNear(x, b[i]));
    return at < 0 ? [] : [`${name}: value ${at} is ${a[at]}, expected ${b[at]}`];
  });
}
