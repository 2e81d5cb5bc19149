/**
 * Models as Keras and the tfjs converter write them, against Keras's results:
 * npm run test:keras -- FOLDER [PATTERN] [--json FILE] [--at-least N]
 *
 * FOLDER has a cases.json and NAME/{model.json, inputs and outputs as .npy}; PATTERN is part of the names that are run. An
 * element is right within 2e-6 of max(1, |value|), within more where the cases' authors found Keras itself to differ by
 * more. What did not pass is printed, and the counts: passed, wrong, failed, refused by reason.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy } from '../src/cli/npy.ts';
import type { ModelGraph } from '../src/graph/model-graph.ts';
import { runGraph } from '../src/graph/run-graph.ts';
import { arrayName, type Dtype, type ValueType } from '../src/graph/values.ts';
import { makeArray, type TypedNumbers, type TypedTensorLike } from '../src/tensor/ndarray.ts';
import { readGraphModel } from '../src/tfjs/graph-model.ts';
import { readLayersModelGraph } from '../src/tfjs/layers-model.ts';
import {
  countsOf,
  differenceOf,
  outcomeOf,
  printCounts,
  printFailures,
  runAll,
  suiteArguments,
  writeJson,
} from './suite.ts';

/** A case as cases.json has it. */
interface KerasCase {
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

const { folder, pattern, values } = suiteArguments(
  'npm run test:keras -- FOLDER [PATTERN] [--json FILE] [--at-least N]',
  ['json', 'at-least'],
);
const { cases } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as { cases: readonly KerasCase[] };
const chosen = cases.filter(({ name, form }) => FORMS[form] !== undefined && name.includes(pattern));
const outcomes = await runAll(chosen.map((each) => ({ name: each.name, run: () => outcomeOf(() => wrongIn(each)) })));
printFailures(outcomes);
printCounts(outcomes);
writeJson(values.json, { run: outcomes.size, ...countsOf(outcomes), cases: Object.fromEntries(outcomes) });
process.exit(countsOf(outcomes).passed >= Number(values['at-least'] ?? 0) ? 0 : 1);

async function wrongIn({ name, form, inputs, outputs }: KerasCase): Promise<string> {
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
    const text = wrongOf(got[own], output, (await readNpy(at(output.file))).data, toleranceOf(name));
    if (text !== '') return `output ${output.name}: ${text}`;
  }
  return '';
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

function wrongOf(got: TypedTensorLike, { shape, dtype }: CaseValue, data: Float32Array, most: number): string {
  const held = arrayName(dtype);
  if (got.data.constructor.name !== held) return `type ${got.data.constructor.name}, expected ${held}`;
  return differenceOf(got, { shape, data }, (x, y) => Math.abs(x - y) <= most * Math.max(1, Math.abs(y)));
}
