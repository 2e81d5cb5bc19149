/**
 * Models as Keras and the tfjs converter write them, against Keras's results:
 * npm run test:keras -- FOLDER [PATTERN] [--json FILE] [--at-least N]
 *
 * FOLDER has a cases.json and NAME/{model.json, inputs and outputs as .npy}; PATTERN is part of the names that are run. An
 * element is right within 2e-6 of max(1, |value|), within more where the cases' authors found Keras itself to differ by
 * more. What did not pass is printed, and the counts: passed, wrong, failed, refused by reason.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readNpy } from '../src/cli/npy.ts';
import { NnpackError } from '../src/errors.ts';
import type { ModelGraph } from '../src/graph/model-graph.ts';
import { runGraph } from '../src/graph/run-graph.ts';
import { arrayName, type Dtype, type ValueType } from '../src/graph/values.ts';
import { makeArray, type TypedNumbers, type TypedTensorLike } from '../src/tensor/ndarray.ts';
import { readGraphModel } from '../src/tfjs/graph-model.ts';
import { readLayersModelGraph } from '../src/tfjs/layers-model.ts';

/** A case as cases.json has it. */
interface Case {
  readonly name: string;
  readonly form: string;
  readonly inputs: readonly CaseValue[];
  readonly outputs: readonly CaseValue[];
}

interface CaseValue {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** In a graph model. */
  readonly node?: string;
}

interface Outcome {
  readonly kind: (typeof KINDS)[number];
  readonly text: string;
}

/** How a form of model is read. */
type ReadModel = (json: string, readShard: (path: string) => Uint8Array) => Promise<ModelGraph>;

const FORMS: Readonly<Record<string, ReadModel>> = {
  'layers-model': (json, readShard) => readLayersModelGraph(json, readShard),
  'graph-model': (json, readShard) => readGraphModel(json, readShard),
};

const TOLERANCE = 2e-6;

/** Where Keras differs from itself. */
const WIDER: readonly (readonly [name: RegExp, tolerance: number])[] = [
  [/bicubic/, 2e-3],
  [/^s-mixed-float16/, 2e-3],
  [/^s-mixed-layer/, 2e-2],
  [/^s-preprocessing/, 6e-3],
];

const USAGE = 'usage: npm run test:keras -- FOLDER [PATTERN] [--json FILE] [--at-least N]';
const KINDS = ['passed', 'wrong', 'failed', 'refused'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, 'at-least': { type: 'string' } },
});
const [folder, pattern = ''] = positionals;
if (folder === undefined || positionals.length > 2) {
  console.error(USAGE);
  process.exit(2);
}

const { cases } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as { cases: readonly Case[] };
const chosen = cases.filter(({ name, form }) => FORMS[form] !== undefined && name.includes(pattern));
const outcomes = new Map<string, Outcome>();
for (const [i, each] of chosen.entries()) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${i + 1}/${chosen.length} ${each.name}`);
  else if (i % 50 === 49) process.stderr.write(`${i + 1}/${chosen.length}\n`);
  outcomes.set(each.name, await outcomeOf(each));
}
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');

for (const kind of ['refused', 'failed', 'wrong'] as const) {
  for (const [name, outcome] of outcomes) if (outcome.kind === kind) console.log(`${kind} ${name}: ${outcome.text}`);
}
const counts = Object.fromEntries(
  KINDS.map((kind) => [kind, [...outcomes.values()].filter((outcome) => outcome.kind === kind).length]),
);
console.log(`${outcomes.size} run: ${KINDS.map((kind) => `${counts[kind]} ${kind}`).join(', ')}`);
if (values.json !== undefined) {
  const summary = { run: outcomes.size, ...counts, cases: Object.fromEntries(outcomes) };
  writeFileSync(values.json, `${JSON.stringify(summary, null, 1)}\n`);
}
process.exit(counts.passed >= Number(values['at-least'] ?? 0) ? 0 : 1);

async function outcomeOf({ name, form, inputs, outputs }: Case): Promise<Outcome> {
  try {
    const at = (file: string) => join(folder, name, file);
    const { graph } = await FORMS[form](readFileSync(at('model.json'), 'utf8'), (path) => readFileSync(at(path)));
    const given = await Promise.all(
      inputs.map(async (input, i): Promise<[string, TypedTensorLike]> => {
        const own = nameAmong([...graph.inputs.keys()], input, i);
        return [own, await inputFrom(at(input.file), graph.inputs.get(own))];
      }),
    );
    const got = runGraph(graph, Object.fromEntries(given));
    for (const [i, output] of outputs.entries()) {
      const own = nameAmong(graph.outputs, output, i);
      const text = differenceOf(got[own], output, (await readNpy(at(output.file))).data, toleranceOf(name));
      if (text !== '') return { kind: 'wrong', text: `output ${output.name}: ${text}` };
    }
    return { kind: 'passed', text: '' };
  } catch (error) {
    if (!(error instanceof NnpackError)) return { kind: 'failed', text: String((error as Error).stack) };
    return { kind: error.code === 'unsupported-layer' ? 'refused' : 'failed', text: error.message };
  }
}

/** A value by its name, by its tensor where a graph model has lost that, or by its place. */
function nameAmong(names: readonly string[], { name, node = '' }: CaseValue, place: number): string {
  return [name, node].find((known) => names.includes(known)) ?? names[place];
}

/** The elements in the array that the model's input takes. */
async function inputFrom(path: string, type: ValueType | undefined): Promise<TypedTensorLike> {
  const { data, shape } = await readNpy(path);
  const name = arrayName(type?.dtype ?? 'float32');
  const numbers: TypedNumbers =
    name === 'Uint8Array' ? Uint8Array.from(data) : name === 'Int32Array' ? Int32Array.from(data) : data;
  return makeArray(numbers, shape);
}

function toleranceOf(name: string): number {
  return WIDER.find(([pattern]) => pattern.test(name))?.[1] ?? TOLERANCE;
}

function differenceOf(got: TypedTensorLike, { shape, dtype }: CaseValue, expected: Float32Array, most: number): string {
  if (String(got.shape) !== String(shape)) return `shape [${got.shape}], expected [${shape}]`;
  const held = arrayName(dtype);
  if (got.data.constructor.name !== held) return `type ${got.data.constructor.name}, expected ${held}`;
  const isNear = (x: number, y: number) => Object.is(x, y) || Math.abs(x - y) <= most * Math.max(1, Math.abs(y));
  const at = [...expected.keys()].find((i) => !isNear(Number(got.data[i]), expected[i]));
  return at === undefined ? '' : `element ${at} is ${got.data[at]}, expected ${expected[at]}`;
}
