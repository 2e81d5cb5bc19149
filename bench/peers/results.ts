/** What `npm run bench -- peers` leaves in bench/results: its table as text, and the drawing. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { checkWritable, writeWhole } from '../../src/cli/files.ts';
import { describeMachine, formatMachine } from '../../src/cli/machine.ts';
import { vgg16Layers } from '../layers.ts';
import type { KernelsChoice } from '../section.ts';
import { formatRow, ROW_HEAD } from '../tables.ts';
import { type Comparison, rowsOf } from './comparison.ts';
import { drawComparisons } from './plot.ts';

const FOLDER = resolve('bench/results');

/** Kernels that were asked for by name have files of their own: `peers-scalar.txt`. */
function filesOf(kernels: KernelsChoice): { readonly table: string; readonly drawing: string } {
  const path = join(FOLDER, kernels === 'auto' ? 'peers' : `peers-${kernels}`);
  return { table: `${path}.txt`, drawing: `${path}.svg` };
}

/** Called before the minutes that the figures take. */
export async function prepareResults(kernels: KernelsChoice): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const path of Object.values(filesOf(kernels))) await checkWritable(path);
}

export async function writeResults(
  kernels: KernelsChoice,
  title: string,
  comparisons: readonly Comparison[],
  packages: readonly { readonly name: string; readonly version: string }[],
): Promise<void> {
  const { table, drawing } = filesOf(kernels);
  const machine = formatMachine(describeMachine(packages));
  const text = [title, ROW_HEAD, ...comparisons.flatMap(rowsOf).map(formatRow), machine, ''].join('\n');
  await writeWhole(table, stripVTControlCharacters(text));
  // VGG-16's layers are drawn as their sum.
  const drawn = comparisons.filter(({ work }) => !vgg16Layers.some(({ name }) => name === work));
  await writeWhole(drawing, await drawComparisons(drawn));
}
