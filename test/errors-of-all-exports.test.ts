/** Every public function, called with values of every type: it serves them or throws an NnpackError, and nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as graphs from '../src/graph/index.ts';
import * as core from '../src/index.ts';
import * as models from '../src/models/index.ts';
import * as mxnet from '../src/mxnet/index.ts';
import * as networks from '../src/networks/index.ts';
import * as onnx from '../src/onnx/index.ts';
import * as ort from '../src/onnxruntime/index.ts';
import * as testing from '../src/testing/index.ts';
import * as tfjs from '../src/tfjs/index.ts';
import * as load from '../src/tfjs/load.ts';
import { smallMxnet } from './mxnet/models.ts';
import { smallNetwork } from './onnx/draw.ts';
import { writeModel } from './onnx/write.ts';
import { product } from './onnxruntime/models.ts';
import { runs } from './support/runs.ts';
import { VALUE_NAMES, VALUES, type ValueName } from './support/values.ts';

/** What is left out, with the reason. All else that it takes is here: a line that is removed is a function that is tested. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  setDefaultContextOptions: 'changes what a process has once; test/context/context-defaults.test.ts',
  expectWithin: 'throws an Error for a result that is wrong, as its description says: it is an assertion',
};

/** Methods that are not called here, with the reason; the others of every class that is exported are. */
const METHODS_LEFT_OUT: Readonly<Record<string, string>> = {
  dispose: 'takes nothing, and ends what the others are called on',
  toString: 'takes nothing',
  expectOpen: "for this library's own use",
  release: 'takes nothing, and ends what the others are called on',
  startProfiling: 'takes nothing',
  endProfiling: 'takes nothing',
  timesOf: "for this library's own use",
  record: "for this library's own use",
  runReported: "for this library's own use",
};

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-all-'));
const POISON = -77.5;
let context: core.Context;
/** For what overwrites all of a context's memory. */
let own: core.Context;
/** For tensors that are made to be freed, and stay where that is refused. */
let spare: core.Context;
let plans: {
  readonly convolution: core.ConvolutionPlan;
  readonly fullyConnected: core.FullyConnectedPlan;
  readonly graph: graphs.GraphPlan;
  readonly model: models.Model;
  readonly network: networks.NetworkPlan;
  readonly prepared: networks.PreparedNetwork;
};
let session: ort.InferenceSession;

beforeAll(async () => {
  writeFileSync(join(folder, 'm.onnx'), writeModel(smallNetwork()));
  writeFileSync(join(folder, 'w.bin'), new Uint8Array(24));
  process.env.NNPACK_NTHREADS = '1'; // of the default context, which calls without one make
  context = await core.createContext({ threads: 1, memoryLimit: 2 ** 24 });
  own = await core.createContext({ threads: 1, memoryLimit: 2 ** 24 });
  spare = await core.createContext({ threads: 1, memoryLimit: 2 ** 24 });
  plans = {
    convolution: core.planConvolution(convolution()),
    fullyConnected: core.planFullyConnected({ input: floats(2, 3), kernel: floats(4, 3), context }),
    graph: graphs.planGraph(graph(), { inputs: { x: [1, 2, 4, 4] }, context }),
    // It keeps what it has prepared for each size, in a memory that nobody counts.
    model: await models.parseModel(
      { 'm.onnx': writeModel(smallNetwork()), 'w.bin': new Uint8Array(24) },
      { context: spare },
    ),
    network: networks.planNetwork(network(), { context }),
    prepared: networks.prepareNetwork(network(), { context }),
  };
  session = await ort.InferenceSession.create(product(), sessionOptions(spare));
  // Room for the copies of tensors outside of the context's memory is kept from the first run on.
  plans.convolution.run(floats(1, 4, 6, 5));
  plans.fullyConnected.run(floats(2, 3));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await session.release();
  for (const plan of Object.values(plans)) plan.dispose();
  expect(context.describe().usedBytes).toBe(0);
  context.dispose();
  own.dispose();
  spare.dispose();
  core.defaultContext().dispose();
});

const sized = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);
const floats = (...shape: number[]) => ({ data: new Float32Array(sized(shape)).fill(0.5), shape });
const poisoned = (...shape: number[]) => ({ data: new Float32Array(sized(shape)).fill(POISON), shape });
const halves = (...shape: number[]) => ({ data: new Uint16Array(sized(shape)), shape, format: 'binary16' as const });

const convolution = () => ({
  input: floats(1, 4, 6, 5),
  kernel: floats(6, 2, 3, 3),
  bias: floats(6),
  padding: { top: 1, right: 1, bottom: 1, left: 1 },
  stride: { height: 1, width: 1 },
  dilation: 1,
  groups: 2,
  activation: { type: 'leaky' as const, slope: 0.5 },
  algorithm: 'auto' as const,
  eligibility: 'all' as const,
  rule: 'fastest' as const,
  accuracy: 'default' as const,
  context,
});
const pooling = () => ({
  input: floats(1, 2, 4, 4),
  poolingSize: { height: 2, width: 2 },
  stride: 2,
  padding: 0,
  convention: 'full' as const,
  output: poisoned(1, 2, 2, 2),
  context,
});
const fullyConnected = () => ({
  input: floats(2, 3),
  kernel: halves(4, 3),
  bias: floats(4),
  activation: { type: 'clamp' as const, min: 0, max: 1 },
  context,
});
const problem = (): testing.Problem => ({
  inputShape: [1, 4, 4, 4],
  kernelShape: [4, 4, 3, 3],
  hasBias: true,
  padding: { top: 0, right: 0, bottom: 0, left: 0 },
  stride: { height: 1, width: 1 },
  dilation: { height: 1, width: 1 },
  groups: 1,
  activation: 'identity',
  seed: 1,
});

const network = (): networks.Network => ({
  name: 'network',
  inputs: [{ name: 'x', shape: [2, 4, 4] }],
  nodes: [
    { op: 'relu', name: 'y', inputs: ['x'] },
    {
      ...{ op: 'convolution', name: 'z', inputs: ['y'], kernel: floats(2, 2, 3, 3), bias: new Float32Array(2) },
      ...{ padding: 1, activation: 'relu' },
    },
  ],
  outputs: ['z'],
});
/** Of every kind of field: names of sizes, parameters that two nodes read, two outputs of a node, an input left out. */
const graph = (): graphs.Graph => ({
  name: 'graph',
  inputs: new Map([['x', { dtype: 'float32', shape: ['N', 2, 'H', 'W'] }]]),
  parameters: new Map([
    ['w', { type: { dtype: 'float32', shape: [2, 2, 3, 3] }, data: new Float32Array(36).fill(0.5), role: 'weight' }],
    ['c', { type: { dtype: 'float32', shape: [2] }, data: new Float32Array(2).fill(0.5), role: 'statistic' }],
  ]),
  nodes: [
    {
      ...{ name: 'conv', op: 'convolution', inputs: ['x', 'w', null], outputs: ['a'] },
      attributes: { padding: 1, activation: { type: 'clamp', min: 0, max: 6 } },
    },
    { name: 'again', op: 'convolution', inputs: ['a', 'w', 'c'], outputs: ['b'], attributes: { padding: 'same' } },
    {
      ...{ name: 'normal', op: 'batch-normalisation', inputs: ['b', 'c', 'c', 'c', 'c'], outputs: ['n'] },
      attributes: { epsilon: 1e-5 },
    },
    { name: 'parts', op: 'split', inputs: ['n'], outputs: ['y', 'z'], attributes: { sizes: [1, 1] } },
  ],
  outputs: ['y', 'z'],
});
const model = () => ({
  modelTopology: {
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'ReLU', config: { name: 'r', batch_input_shape: [null, 4, 4, 2] } }] },
  },
  weightsManifest: [{ paths: ['a.bin'], weights: [{ name: 'w', shape: [1], dtype: 'float32' }] }],
});

/** Of every kind of option. */
const sessionOptions = (of: core.Context = context): ort.InferenceSession.SessionOptions => ({
  executionProviders: [{ name: 'nnpack', context: of }],
  freeDimensionOverrides: { n: 1 },
  graphOptimizationLevel: 'all',
  preferredOutputLocation: { c: 'cpu' },
  externalData: [{ path: 'w.bin', data: new Uint8Array(24) }],
  enableProfiling: false,
});
const matrices = () => ({
  a: new ort.Tensor(new Float32Array(12), [3, 4]),
  b: new ort.Tensor(new Float32Array(12), [4, 3]),
});

const exact: testing.Convolve = (drawn, data) => Float32Array.from(testing.convolutionReference(drawn, data));

/** A graph model: x times a number. */
const graphModel = () => {
  const dim = [{ size: '-1' }, { size: '2' }];
  return {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } } },
        { name: 'k', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
        { name: 'y', op: 'Mul', input: ['x', 'k'] },
      ],
    },
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    weightsManifest: [{ paths: ['k.bin'], weights: [{ name: 'k', shape: [], dtype: 'float32' }] }],
  };
};

/** Arguments that serve, of every export that is a function and of every public method: `Class.method`. */
const GOOD: Readonly<Record<string, () => readonly unknown[]>> = {
  additionOutput: () => [{ inputs: [floats(2, 3), floats(2, 3)], output: poisoned(2, 3), activation: 'relu', context }],
  averagePoolingOutput: () => [{ ...pooling(), countPadding: true }],
  batchNormalisationOutput: () => [
    {
      ...{ input: floats(2, 3), gamma: floats(3), beta: floats(3), mean: floats(3), variance: floats(3) },
      ...{ epsilon: 1e-5, output: poisoned(2, 3), context },
    },
  ],
  concatenationOutput: () => [{ inputs: [floats(2, 3), floats(2, 1)], axis: 1, output: poisoned(2, 4), context }],
  convolutionInference: () => [{ ...convolution(), output: poisoned(1, 6, 6, 5) }],
  convolutionOutput: () => [{ ...convolution(), output: poisoned(1, 6, 6, 5) }],
  decodeHalves: () => [new Uint16Array(4), 'binary16'],
  defaultContext: () => [],
  encodeHalves: () => [new Float32Array(4), 'alternative'],
  explainConvolution: () => [convolution()],
  explainFullyConnected: () => [{ input: floats(2, 3), kernel: halves(4, 3), bias: floats(4) }],
  explainPooling: () => [{ input: floats(1, 2, 4, 4), poolingSize: 2, type: 'max' }],
  fullyConnectedInference: () => [{ ...fullyConnected(), output: poisoned(2, 4) }],
  fullyConnectedOutput: () => [{ ...fullyConnected(), output: poisoned(2, 4) }],
  globalAveragePoolingOutput: () => [{ input: floats(1, 2, 4, 4), output: poisoned(1, 2), context }],
  localResponseNormalisationOutput: () => [
    { input: floats(1, 2, 3, 3), size: 5, alpha: 1, beta: 0.75, bias: 1, output: poisoned(1, 2, 3, 3), context },
  ],
  maxPoolingOutput: () => [pooling()],
  maxPoolingOutputWithIndices: () => [pooling()],
  padOutput: () => [
    {
      ...{ input: floats(1, 1, 2, 3), padding: { top: 1, right: 0, bottom: 1, left: 2 }, mode: 'constant', value: 1 },
      ...{ output: poisoned(1, 1, 4, 5), context },
    },
  ],
  planConvolution: () => [convolution()],
  planFullyConnected: () => [fullyConnected()],
  reluOutput: () => [{ input: floats(2, 3), negativeSlope: 0.5, output: poisoned(2, 3), context }],
  resizeOutput: () => [
    {
      ...{ input: floats(1, 1, 2, 3), mode: 'bilinear', scale: { height: 2, width: 2 }, alignCorners: true },
      ...{ output: poisoned(1, 1, 4, 6), context },
    },
  ],
  softmaxOutput: () => [{ input: floats(2, 3), output: poisoned(2, 3), context }],
  buildNetwork: () => ['alexnet', { seed: 1, width: 0.01 }],
  checkConvolution: () => [problem(), 'implicit-gemm', [own], exact],
  convolutionData: () => [problem()],
  convolutionProblem: () => [{ algorithm: 'wt8x8', batch: 1, kernelSize: [3, 3], stride: [1, 2] }],
  convolutionReference: () => [problem(), testing.convolutionData(problem())],
  describeProblem: () => [problem()],
  outputShapeOf: () => [problem()],
  shapeOf: () => [problem()],
  'ConvolutionPlan.run': () => [floats(1, 4, 6, 5), poisoned(1, 6, 6, 5)],
  'ConvolutionPlan.explain': () => [],
  'FullyConnectedPlan.run': () => [floats(2, 3), poisoned(2, 4)],
  'FullyConnectedPlan.explain': () => [],
  'Measurements.load': () => [new core.Measurements().save()],
  'Measurements.save': () => [],
  'Context.describe': () => [],
  'Context.allocate': () => [[2, 3]],
  'Context.free': () => [spare.allocate([2])],
  'new Context': () => [
    { threads: 1, kernels: 'scalar', deterministic: true, memoryLimit: 2 ** 20, memorySize: 2 ** 17 },
  ],
  createContext: () => [
    { threads: 1, kernels: 'scalar', deterministic: true, memoryLimit: 2 ** 20, memorySize: 2 ** 17 },
  ],
  setDefaultContextOptions: () => {
    core.defaultContext().dispose();
    return [{}];
  },
  warmUp: () => [context],
  parseGraph: () => [graph()],
  storedArray: () => [[2, 3], () => new Float32Array(6)],
  storedParameter: () => [[2, 3], () => new Float32Array(6), 'weight'],
  graphTypes: () => [graph(), { x: [1, 2, 4, 4] }],
  simplifyGraph: () => [graph()],
  evaluateGraph: () => [graph(), { x: { shape: [1, 2, 4, 4], data: new Float64Array(32) } }],
  runGraph: () => [graph(), { x: floats(1, 2, 4, 4) }, { context }],
  planGraph: () => [graph(), { inputs: { x: [1, 2, 4, 4] }, rule: 'fastest', accuracy: 'default', context }],
  graphOf: () => [network()],
  planNetwork: () => [network(), { batch: 2, context }],
  prepareNetwork: () => [network(), { batch: 2, inputs: { x: [2, 4, 4] }, memoryBytes: 2 ** 22, context }],
  explainNetwork: () => [network(), { batch: 2, context }],
  optimize: () => [network()],
  inferShapes: () => [network(), { x: [2, 4, 4] }, 2],
  'GraphPlan.run': () => [{ x: floats(1, 2, 4, 4) }, () => {}],
  'GraphPlan.runAsync': () => [{ x: floats(2, 4, 4) }, { progress: () => {}, signal: new AbortController().signal }],
  'GraphPlan.profileOf': () => ['conv'],
  'GraphPlan.report': () => [],
  'NetworkPlan.profileOf': () => ['z'],
  'NetworkPlan.report': () => [],
  'NetworkPlan.run': () => [{ x: floats(2, 4, 4) }, () => {}],
  'NetworkPlan.runAsync': () => [{ x: floats(2, 4, 4) }, { progress: () => {}, signal: new AbortController().signal }],
  'PreparedNetwork.report': () => [],
  'PreparedNetwork.run': () => [{ x: floats(2, 4, 4) }, () => {}],
  'PreparedNetwork.runAsync': () => [{ x: floats(2, 4, 4) }, { signal: new AbortController().signal }],
  loadLayersModel: () => ['none/model.json'],
  loadLayersModelGraph: () => ['none/model.json'],
  loadGraphModel: () => ['none/model.json'],
  parseModel: () => [
    { 'm.onnx': writeModel(smallNetwork()), 'w.bin': new Uint8Array(24) },
    { algorithm: 'auto', eligibility: 'all', rule: 'fastest', accuracy: 'default', context },
  ],
  openModel: () => [join(folder, 'm.onnx'), { algorithm: 'auto', eligibility: 'all', rule: 'fastest', context }],
  'InferenceSession.create': () => [product(), sessionOptions()],
  'InferenceSession.run': () => [
    matrices(),
    { c: new ort.Tensor(new Float32Array(9).fill(POISON), [3, 3]) },
    { tag: 'a', logSeverityLevel: 1, terminate: false },
  ],
  'InferenceSession.explain': () => [{ a: [3, 4], b: [4, 3] }],
  listSupportedBackends: () => [],
  'Model.run': () => [
    { x: floats(1, 3, 2, 2) },
    { output: { y: poisoned(1, 2, 2, 2) }, progress: () => {}, signal: new AbortController().signal },
  ],
  'Model.explain': () => [{ x: [1, 3, 2, 2] }],
  'Model.report': () => [],
  readOnnxModel: () => [
    writeModel(smallNetwork()),
    { readExternal: (_: string, __: number, length: number) => new Uint8Array(length) },
  ],
  readMxnetModel: () => [{ ...smallMxnet() }, { shapes: { data: [1, 1, 4, 4] } }],
  readLayersModel: () => [model(), () => new Uint8Array(4)],
  readLayersModelGraph: () => [model(), () => new Uint8Array(4)],
  readGraphModel: () => [graphModel(), () => new Uint8Array(4)],
  errorBound: () => [problem(), testing.convolutionData(problem()), 'implicit-gemm'],
  expectWithin: () => [[1], [1], [1], [1]],
};

type Callable = (...args: readonly unknown[]) => unknown;

/** `Tensor` is onnxruntime-common's, and throws what that throws. */
const { Tensor: _, ...sessions } = ort;
const EXPORTS = [core, graphs, models, mxnet, networks, onnx, sessions, tfjs, load, testing]
  .flatMap((entry) => Object.entries(entry))
  .filter((named): named is [string, Callable] => typeof named[1] === 'function');

/** Functions of all entries, and the methods of what they return, bound to one. */
const FUNCTIONS: Readonly<Record<string, Callable>> = Object.fromEntries([
  ...EXPORTS.filter(([, value]) => !isClass(value)),
  ...Object.entries(methods()),
]);

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** Of classes only methods are called, but for the one that users make: other constructors get what was checked. */
function methods(): Record<string, Callable> {
  const call = (object: object, name: string, args: readonly unknown[]) =>
    (Reflect.get(object, name) as Callable).apply(object, [...args]);
  return {
    'ConvolutionPlan.run': (...args) => call(plans.convolution, 'run', args),
    'ConvolutionPlan.explain': (...args) => String(call(plans.convolution, 'explain', args)),
    'FullyConnectedPlan.run': (...args) => call(plans.fullyConnected, 'run', args),
    'FullyConnectedPlan.explain': (...args) => String(call(plans.fullyConnected, 'explain', args)),
    'Measurements.load': (...args) => call(core.Measurements, 'load', args),
    'Measurements.save': (...args) => call(new core.Measurements(), 'save', args),
    'new Context': (...args) => new core.Context(...(args as [])),
    'Context.describe': (...args) => call(context, 'describe', args),
    'Context.allocate': (...args) => call(context, 'free', [call(context, 'allocate', args)]),
    'Context.free': (...args) => call(spare, 'free', args),
    'GraphPlan.run': (...args) => call(plans.graph, 'run', args),
    'GraphPlan.runAsync': (...args) => call(plans.graph, 'runAsync', args),
    'GraphPlan.profileOf': (...args) => call(plans.graph, 'profileOf', args),
    'GraphPlan.report': (...args) => call(plans.graph, 'report', args),
    'NetworkPlan.profileOf': (...args) => call(plans.network, 'profileOf', args),
    'NetworkPlan.report': (...args) => call(plans.network, 'report', args),
    'Model.run': (...args) => call(plans.model, 'run', args),
    'InferenceSession.create': async (...args) =>
      ((await call(ort.InferenceSession, 'create', args)) as ort.InferenceSession).release(),
    'InferenceSession.run': (...args) => call(session, 'run', args),
    'InferenceSession.explain': (...args) => String(call(session, 'explain', args)),
    'Model.explain': (...args) => String(call(plans.model, 'explain', args)),
    'Model.report': (...args) => call(plans.model, 'report', args),
    'NetworkPlan.run': (...args) => call(plans.network, 'run', args),
    'NetworkPlan.runAsync': (...args) => call(plans.network, 'runAsync', args),
    'PreparedNetwork.report': (...args) => call(plans.prepared, 'report', args),
    'PreparedNetwork.run': (...args) => call(plans.prepared, 'run', args),
    'PreparedNetwork.runAsync': (...args) => call(plans.prepared, 'runAsync', args),
  };
}

const NAMES = Object.keys(FUNCTIONS);
const TESTED = NAMES.filter((name) => !(name in LEFT_OUT));
/** No file is there to be read: what a file may hold is drawn where its reader is tested. */
const READS_FILES: Readonly<Record<string, string>> = Object.fromEntries(
  ['loadLayersModel', 'loadLayersModelGraph', 'loadGraphModel'].map((name) => [
    name,
    'test/tfjs/load.test.ts and hostile.test.ts',
  ]),
);
/** What takes no arguments has none to be replaced; `profileOf` refuses none, because what is no name is no node's. */
const WITHOUT_ARGUMENTS = [
  'defaultContext',
  'listSupportedBackends',
  'Measurements.save',
  'Context.describe',
  'GraphPlan.report',
].concat([
  'ConvolutionPlan.explain',
  'FullyConnectedPlan.explain',
  'GraphPlan.profileOf',
  'Model.report',
  'NetworkPlan.profileOf',
  'NetworkPlan.report',
  'PreparedNetwork.report',
]);

/** What holds memory or threads until it is disposed of. */
const DISPOSABLE = [
  core.Context,
  core.ConvolutionPlan,
  core.FullyConnectedPlan,
  graphs.GraphPlan,
  models.Model,
  networks.NetworkPlan,
  networks.PreparedNetwork,
];

/** Serves, or throws an NnpackError with a text of a bearable length; all memory is given back. */
async function attempt(name: string, args: readonly unknown[]): Promise<'served' | core.NnpackError> {
  const used = context.describe().usedBytes;
  try {
    const result = await FUNCTIONS[name](...args);
    const isDefault = result === core.defaultContext();
    if (DISPOSABLE.some((made) => result instanceof made) && !isDefault) (result as core.Context).dispose();
    return 'served';
  } catch (error) {
    if (!isOurs(error)) throw new Error(`${name} threw what is none of ours: ${textOf(error)}`, { cause: error });
    expect(typeof error.message).toBe('string');
    expect(error.message.length, error.message.slice(0, 200)).toBeLessThan(700);
    return error;
  } finally {
    expect(context.describe().usedBytes, 'bytes in use').toBe(used);
  }
}

function isOurs(error: unknown): error is core.NnpackError {
  try {
    return error instanceof core.NnpackError;
  } catch {
    return false;
  }
}

function textOf(error: unknown): string {
  try {
    return String((error as Error).stack ?? error);
  } catch {
    return 'something that cannot be read';
  }
}

/** Where an argument, or a field in it, can be replaced: `[0, 'padding', 'top']`. */
type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  const isLeaf =
    typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof core.Context;
  const inner = isLeaf ? [] : keysOf(value).flatMap((key) => pathsOf(fieldOf(value, key), [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

function keysOf(owner: object): string[] {
  return owner instanceof Map ? [...owner.keys()] : Object.keys(owner);
}

function fieldOf(owner: object, key: string): unknown {
  return owner instanceof Map ? owner.get(key) : Reflect.get(owner, key);
}

function replaced(args: readonly unknown[], path: Path, value: unknown): readonly unknown[] {
  const last = path.length - 1;
  const owner = path.slice(0, last).reduce<object>((object, key) => fieldOf(object, key) as object, args);
  if (owner instanceof Map) owner.set(path[last], value);
  else Reflect.set(owner, path[last], value);
  return args;
}

/** The poisoned output among the arguments. */
function outputOf(args: readonly unknown[]): Float32Array | undefined {
  const holders = [...args, ...args.map((arg) => (arg as { output?: unknown } | null)?.output)];
  const tensors = holders as ({ data?: unknown } | null | undefined)[];
  const arrays = tensors.map((tensor) => tensor?.data).filter((data) => data instanceof Float32Array);
  return arrays.find((data) => data[0] === POISON);
}

/** What no error of ours can be expected of, or what would take long. */
function isPassedOver(name: string, path: Path, value: ValueName): boolean {
  // What a caller's own function throws is the caller's.
  const isCallback =
    path.at(-1) === 'progress' || (/(?:Network|Graph)\w*\.run$|^checkConvolution/.test(name) && Number(path[0]) > 0);
  if (isCallback) return typeof VALUES[value]() === 'function';
  // At its full width the network has sixty million weights.
  if (name === 'buildNetwork' && path[0] === '1') return path.length === 1 || ['one', 'undefined'].includes(value);
  return false;
}

describe('what is tested', () => {
  it('is every export that is a function, but for those that are left out', () => {
    expect(Object.keys(GOOD).sort()).toEqual(NAMES.toSorted());
    expect(Object.keys(LEFT_OUT).filter((name) => !NAMES.includes(name))).toEqual([]);
  });

  it('is every method of every class that is exported, but for those that are left out', () => {
    const methods = EXPORTS.filter(([, value]) => isClass(value)).flatMap(([name, { prototype }]) => {
      const isMethod = (key: string) => typeof Object.getOwnPropertyDescriptor(prototype, key)?.value === 'function';
      return Object.getOwnPropertyNames(prototype)
        .filter((key) => key !== 'constructor' && isMethod(key))
        .map((key) => [name, key] as const);
    });
    const left = methods.filter(([name, method]) => !NAMES.includes(`${name}.${method}`)).map(([, method]) => method);
    expect([...new Set(left)].sort()).toEqual(Object.keys(METHODS_LEFT_OUT).sort());
  });

  it.each(NAMES.filter((name) => !(name in READS_FILES)))(
    'serves the arguments of %s that others are one change away from',
    async (name) => {
      expect(await attempt(name, GOOD[name]())).toBe('served');
    },
  );
});

describe('values of every type', () => {
  it.each(TESTED)('as the arguments of %s end in a result or an NnpackError', async (name) => {
    const args = fc.array(fc.constantFrom(...VALUE_NAMES), { maxLength: 3 });
    const property = fc.asyncProperty(args, async (names) => {
      await attempt(
        name,
        names.map((value) => VALUES[value]()),
      );
    });
    await fc.assert(property, { numRuns: runs(100) });
  });

  it.each(TESTED.filter((name) => !WITHOUT_ARGUMENTS.includes(name)))(
    'in the place of one argument or field of %s do, and an output is as it was after an error',
    async (name) => {
      const paths = pathsOf(GOOD[name]());
      const change = fc.record({ path: fc.constantFrom(...paths), value: fc.constantFrom(...VALUE_NAMES) });
      let refused = 0;
      const property = fc.asyncProperty(change, async ({ path, value }) => {
        fc.pre(!isPassedOver(name, path, value));
        const args = GOOD[name]();
        const output = outputOf(args);
        const ended = await attempt(name, replaced(args, path, VALUES[value]()));
        if (ended === 'served') return;
        refused++;
        if (output !== undefined) expect(output.every((element) => element === POISON)).toBe(true);
      });
      await fc.assert(property, { numRuns: runs(120) });
      expect(refused).toBeGreaterThan(40);
    },
  );
});
