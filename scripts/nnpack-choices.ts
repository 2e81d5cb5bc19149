/**
 * Writes test/fixtures/nnpack-choices.json: what NNPACK chose for each of many layers, a row of numbers a layer.
 *
 * `npx tsx scripts/nnpack-choices.ts folder`, where the folder holds a `choices.json` that NNPACK was asked for: a list of
 * objects with `pass` (the entry: `inference` or `output`), sizes, and `chosen`, the algorithms whose bits are those of `auto`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Choice {
  readonly pass: string;
  readonly batch: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
  readonly chosen: readonly string[];
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('nnpack-choices: expected the folder of choices.json');
const choices: readonly Choice[] = JSON.parse(readFileSync(join(folder, 'choices.json'), 'utf8'));

const rows = choices.map((row) => [
  row.pass,
  ...[row.batch, row.inputChannels, row.outputChannels],
  ...[row.input, row.kernel, row.padding, row.stride].flat(),
  row.chosen.join(' '),
]);
const columns = 'entry batch C K H W R S top bottom left right strideHeight strideWidth chosen';
const lines = rows.map((row) => `[${row.map((cell) => JSON.stringify(cell)).join(', ')}]`);
const path = fileURLToPath(new URL('../test/fixtures/nnpack-choices.json', import.meta.url));
writeFileSync(path, `[\n  ${[JSON.stringify(columns), ...lines].join(',\n  ')}\n]\n`);
console.log(`${path}: ${rows.length} layers`);
