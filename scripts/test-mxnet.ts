/**
 * MXNet's own results against the reader: npm run test:mxnet -- FOLDER [PATTERN] [--json FILE]
 *
 * FOLDER has cases.json and ops/NAME (one operator or a few), networks.json and networks/NAME, generations.json and
 * generations/NAME (one network as each version wrote it), generations/params (arrays alone) and onnx.json (the networks
 * by MXNet's own exporter). Each model is run as a graph is, and by its definition in double; networks also with the
 * algorithms that MXNet's documents name, and with sums alone. What is printed: run, right, wrong, refused by reason, for
 * each part.
 *
 * Numbers are right within 1e-5 of the greatest of their output in single precision (2e-3 in half), and NaN and infinities
 * where they are: both sides round. Where fast algorithms may serve, every node of a network must lie within the bound of the
 * algorithm that served it, given what it read; for such bounds piled up over layers nothing useful follows, so that the
 * outputs have ten times as much instead, 1e-4. The 8×8 Winograd tile errs 9 to 22 times as much as sums do on random
 * numbers of either sign (docs/decisions.md), the more the more channels: of these networks the U-net by 2.3e-5, and by
 * 2.6e-6 with sums.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareNodes } from '../src/cli/compare/nodes.ts';
import { readNpy } from '../src/cli/npy.ts';
import { contextOf } from '../src/context/context.ts';
import { parseSelection, type SelectionOptions } from '../src/dispatch/select.ts';
import { NnpackError } from '../src/errors.ts';
import { runByDefinition } from '../src/graph/evaluate.ts';
import type { Graph } from '../src/graph/graph.ts';
import { GraphRunner } from '../src/graph/graph-runner.ts';
import { simplifyGraph } from '../src/graph/passes/simplify.ts';
import { runGraph } from '../src/graph/run-graph.ts';
import { type Dtype, doublesOf, parameterOf } from '../src/graph/values.ts';
import { parseFiles } from '../src/mxnet/files.ts';
import { graphOfMxnet } from '../src/mxnet/graph-of-mxnet.ts';
import { inputsOf } from '../src/mxnet/inputs-of.ts';
import { parseParams } from '../src/mxnet/params.ts';
import { readOnnxModel } from '../src/onnx/read-model.ts';
import { makeArray, type TypedTensorLike } from '../src/tensor/ndarray.ts';
import { differenceOf, suiteArguments, writeJson } from './suite.ts';

interface Array {
  readonly name: string;
  readonly file: string;
  readonly dtype?: Dtype;
}

/** A model, what it is given and what MXNet gives for it, as the lists of the folder tell it. */
interface Listed {
  readonly name: string;
  readonly inputs: readonly Array[];
  readonly outputs: readonly Array[];
  /** MXNet does not run it, for this reason. */
  readonly refused?: string;
  readonly noFixedResult?: boolean;
}

interface Twin extends Listed {
  readonly exporter: string;
  readonly export: string;
  readonly folder?: string;
  readonly model?: string;
  readonly agrees?: boolean;
}

type Kind = 'right' | 'wrong' | 'refused' | 'left out';
interface Outcome {
  readonly part: string;
  readonly name: string;
  readonly kind: Kind;
  readonly text: string;
}

const { folder, pattern, values } = suiteArguments('npm run test:mxnet -- FOLDER [PATTERN] [--json FILE]', ['json']);
const outcomes: Outcome[] = [];

interface Way {
  /** null for the definition. */
  readonly options: SelectionOptions | null;
  /** How many times the usual bound outputs may be off. */
  readonly times: number;
  /** Whether every node is held to its own bound. */
  readonly byNode?: boolean;
}

const FAST = 10;

/** What is run of each model. */
const WAYS: Readonly<Record<string, Way>> = {
  run: { options: {}, times: 1 },
  definition: { options: null, times: 1 },
  sums: { options: { maxError: 1e-6 }, times: 1 },
  fast: { options: {}, times: FAST, byNode: true },
  names: { options: {}, times: FAST },
  documented: { options: { eligibility: 'documented' }, times: FAST, byNode: true },
};

for (const listed of listOf<Listed>('cases.json')) {
  await tell('operators', listed.name, () => modelOutcome(listed, join('ops', listed.name), ['run', 'definition']));
}
for (const listed of listOf<Listed>('cases.json').filter(({ refused }) => refused === undefined)) {
  await tell('operators, sizes as names', listed.name, () => modelOutcome(listed, join('ops', listed.name), ['names']));
}
for (const listed of listOf<Listed>('networks.json')) {
  for (const way of ['fast', 'documented', 'sums', 'definition', 'names']) {
    const name = `${listed.name}, ${way}`;
    await tell('networks', name, () => modelOutcome(listed, join('networks', listed.name), [way]));
  }
}
for (const listed of listOf<Listed>('generations.json')) {
  await tell('generations', listed.name, () =>
    modelOutcome(listed, join('generations', listed.name), ['run', 'definition']),
  );
}
await tell('generations', 'params/types', typesOutcome);
for (const twin of listOf<Twin>('onnx.json')) {
  await tell('twins', `${twin.name} (${twin.exporter})`, () => twinOutcome(twin));
}
printAll();
process.exit(outcomes.some(({ kind }) => kind === 'wrong') ? 1 : 0);

function listOf<T extends { readonly name: string }>(file: string): readonly T[] {
  const listed: readonly T[] = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  return listed.filter(({ name }) => name.includes(pattern));
}

async function tell(part: string, name: string, outcomeOf: () => Promise<readonly [Kind, string]>): Promise<void> {
  process.stderr.write(`${part}: ${name}\n`);
  let [kind, text]: readonly [Kind, string] = ['right', ''];
  try {
    [kind, text] = await outcomeOf();
  } catch (error) {
    const isOurs = error instanceof NnpackError;
    [kind, text] = isOurs ? ['refused', error.message] : ['wrong', String((error as Error).stack)];
  }
  outcomes.push({ part, name, kind, text });
}

/** The inputs that are no labels, which have no file. */
async function inputsIn(listed: Listed, place: string): Promise<Record<string, TypedTensorLike>> {
  const read = listed.inputs.map(async ({ name, file, dtype = 'float32' }) => {
    const { shape, data } = await readNpy(join(folder, place, file));
    const parameter = parameterOf({ shape, data: Float64Array.from(data as Float32Array) }, dtype, 'constant');
    return [name, makeArray(parameter.data, shape)] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** @param isNamed whether the graph is made before the sizes are known */
function graphIn(
  listed: Listed,
  place: string,
  inputs: Readonly<Record<string, TypedTensorLike>>,
  isNamed = false,
): Graph {
  const read = (name: string) => readFileSync(join(folder, place, name));
  const files = parseFiles({ symbol: read('model-symbol.json'), params: read('model-0000.params') });
  const told = inputsOf(files);
  if (String([...told.keys()].sort()) !== String(Object.keys(inputs).sort())) {
    throw new Error(`its inputs are ${[...told.keys()]}, expected ${Object.keys(inputs)}`);
  }
  for (const [name, { shape }] of told) {
    const isFitting = shape?.every((size, axis) => typeof size === 'string' || size === inputs[name].shape[axis]);
    if (shape !== null && (shape.length !== inputs[name].shape.length || !isFitting)) {
      throw new Error(`the shape of ${name} is told to be ${shape}, expected ${inputs[name].shape}`);
    }
  }
  const types = listed.inputs.map(({ name, dtype = 'float32' }) => {
    const { shape } = inputs[name];
    return [name, { dtype, shape: isNamed ? shape.map((_, axis) => `${name}.${axis}`) : shape }];
  });
  return graphOfMxnet(files, Object.fromEntries(types)).graph;
}

async function modelOutcome(listed: Listed, place: string, ways: readonly string[]): Promise<readonly [Kind, string]> {
  const inputs = await inputsIn(listed, place);
  const isRefused = listed.refused !== undefined;
  let graph: Graph;
  let outputs: readonly (readonly [string, readonly TypedTensorLike[]])[];
  try {
    graph = graphIn(listed, place, inputs, ways.includes('names'));
    outputs = ways.map((way) => [way, outputsOf(graph, inputs, WAYS[way].options)]);
  } catch (error) {
    if (error instanceof NnpackError && isRefused) return ['right', 'refused, as by MXNet'];
    throw error;
  }
  if (isRefused) return ['wrong', `runs, where MXNet refuses it: ${listed.refused}`];
  if (listed.noFixedResult) return ['left out', "MXNet's ways of running it disagree"];
  for (const [way, got] of outputs) {
    const { options, byNode } = WAYS[way];
    const beyond = byNode && options !== null ? await nodeBeyond(graph, inputs, options) : '';
    if (beyond !== '') return ['wrong', `${way}: ${beyond}`];
    for (const [i, { file }] of listed.outputs.entries()) {
      const dtype = listed.outputs[i].dtype ?? 'float32';
      const text = wrongOf(got[i], await readNpy(join(folder, place, file)), dtype, WAYS[way].times);
      if (text !== '') return ['wrong', `${way}, output ${i}: ${text}`];
    }
  }
  return ['right', ''];
}

/** The first node that errs by more than its algorithm may; '' for none. */
async function nodeBeyond(
  graph: Graph,
  inputs: Readonly<Record<string, TypedTensorLike>>,
  options: SelectionOptions,
): Promise<string> {
  const context = contextOf('test:mxnet', undefined);
  const selection = parseSelection('test:mxnet', options);
  const shapes = new Map(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  const layout = new GraphRunner('model', graph, selection, context).layout(shapes);
  if (layout === null) return '';
  for await (const { name, share } of compareNodes(layout, inputs, selection, context)) {
    if (!(share <= 1)) return `node ${name} errs by ${share.toPrecision(2)} of its bound`;
  }
  return '';
}

/** By kernels, or by the definition. */
function outputsOf(
  graph: Graph,
  inputs: Readonly<Record<string, TypedTensorLike>>,
  options: SelectionOptions | null,
): readonly TypedTensorLike[] {
  if (options !== null) {
    const made = runGraph(graph, inputs, options);
    return graph.outputs.map((name) => made[name]);
  }
  const doubles = Object.entries(inputs).map(([name, { shape, data }]) => {
    const type = { dtype: graph.inputs.get(name)?.dtype ?? 'float32', shape };
    return [name, doublesOf({ type, data })] as const;
  });
  const values = runByDefinition(graph, new Map(doubles));
  return graph.outputs.map((name) => values.get(name) as TypedTensorLike);
}

function wrongOf(got: TypedTensorLike, expected: TypedTensorLike, dtype: Dtype, times = 1): string {
  const usual = Float64Array.from(expected.data as Float32Array, Number).filter((x) => Math.abs(x) < 1e30);
  const bound = times * (dtype === 'float16' ? 2e-3 : 1e-5) * usual.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return differenceOf(got, expected, (x, y) => x === y || Math.abs(x - y) <= bound);
}

/** The arrays of one file in every type, beside each of which lies a file of NumPy's. */
async function typesOutcome(): Promise<readonly [Kind, string]> {
  const place = join(folder, 'generations', 'params');
  for (const [name, { type, data }] of parseParams(readFileSync(join(place, 'types.params')))) {
    const text = wrongOf(makeArray(data, type.shape), await readNpy(join(place, `${name}.npy`)), type.dtype);
    if (text !== '') return ['wrong', `${name}: ${text}`];
  }
  return ['right', ''];
}

/** MXNet's network and its ONNX export; and whether they give the same bits, where the two graphs come out alike. */
async function twinOutcome(twin: Twin): Promise<readonly [Kind, string]> {
  if (twin.model === undefined || twin.folder === undefined) return ['left out', twin.export];
  const place = join('networks', twin.name);
  const inputs = await inputsIn(
    { ...twin, inputs: twin.inputs.map(({ name }) => ({ name, file: `${name}.npy` })) },
    place,
  );
  const own = graphIn(twin, place, inputs);
  const { graph: exported } = readOnnxModel(readFileSync(join(folder, twin.folder, twin.model)));
  const [ours, theirs] = [own, exported].map((graph) => outputsOf(graph, inputs, {}));
  const isAlike = opsOf(own) === opsOf(exported);
  for (const [i, output] of theirs.entries()) {
    const told = await readNpy(join(folder, twin.folder, twin.outputs[i].file));
    const text = wrongOf(output, told, 'float32');
    if (text !== '') return ['wrong', `the export, output ${i}: ${text}`];
    if (twin.agrees !== true) continue;
    const between = wrongOf(ours[i], output, 'float32');
    if (between !== '') return ['wrong', `the two, output ${i}: ${between}`];
    const isSame = output.data.every((x, k) => Object.is(x, ours[i].data[k]));
    if (isAlike && !isSame) return ['wrong', `output ${i}: the graphs are alike, expected the same bits`];
  }
  if (twin.agrees !== true) return ['right', 'the exporter has lost something; the export is as onnxruntime runs it'];
  return ['right', isAlike ? 'the same bits' : 'the graphs differ'];
}

/** The operations of a graph, by which two are alike: what is written of windows differs, and not what is computed. */
function opsOf(graph: Graph): string {
  return String(simplifyGraph(graph).nodes.map(({ op }) => op.replace(/-nd$/, '')));
}

function printAll(): void {
  for (const { part, name, kind, text } of outcomes) {
    if (kind !== 'right' || part === 'twins') console.log(`${part}: ${name}: ${kind}${text === '' ? '' : `, ${text}`}`);
  }
  for (const part of new Set(outcomes.map((outcome) => outcome.part))) {
    const own = outcomes.filter((outcome) => outcome.part === part);
    const counts = (['right', 'wrong', 'refused', 'left out'] as const).map((kind) => {
      return `${own.filter((outcome) => outcome.kind === kind).length} ${kind}`;
    });
    console.log(`${part}: ${own.length} run, ${counts.join(', ')}`);
  }
  writeJson(values.json, outcomes);
}
