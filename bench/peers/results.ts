/** What `npm run bench -- peers` leaves in bench/results: its table as text, and the drawing. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { vgg16Layers } from '../../src/cli/bench/layers.ts';
import { noFindings } from '../../src/cli/bench/section.ts';
import { formatFindings } from '../../src/cli/bench/tables.ts';
import { checkWritable, writeWhole } from '../../src/cli/files.ts';
import { describeMachine, formatMachine } from '../../src/cli/machine.ts';
import { type Comparison, rowsOf } from './comparison.ts';
import { drawComparisons } from './plot.ts';

const FOLDER = resolve('bench/results');
const TABLE = join(FOLDER, 'peers.txt');
const DRAWING = join(FOLDER, 'peers.svg');

/** Called before the minutes that the figures take. */
export async function prepareResults(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const path of [TABLE, DRAWING]) await checkWritable(path);
}

export async function writeResults(
  title: string,
  comparisons: readonly Comparison[],
  packages: readonly { readonly name: string; readonly version: string }[],
): Promise<void> {
  const findings = { ...noFindings(), rows: comparisons.flatMap(rowsOf) };
  const machine = formatMachine(describeMachine(packages));
  const text = [formatFindings(title, findings), machine, ''].join('\n');
  await writeWhole(TABLE, stripVTControlCharacters(text));
  // VGG-16's layers are drawn as their sum.
  const drawn = comparisons.filter(({ work }) => !vgg16Layers.some(({ name }) => name === work));
  await writeWhole(DRAWING, await drawComparisons(drawn));
}
