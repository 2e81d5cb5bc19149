/** What users write, against the declarations that are packed: a file that must compile. */
import ndarray, { type NdArray } from 'ndarray';
import {
  type AlgorithmName,
  type Context,
  type ConvolutionOptions,
  concatenationOutput,
  convolutionInference,
  createContext,
  type ErrorCode,
  explainConvolution,
  fullyConnectedInference,
  maxPoolingOutputWithIndices,
  NnpackError,
  type Profile,
  planConvolution,
  planFullyConnected,
  reluOutput,
  type Tensor,
  type TensorLike,
} from 'nnpack-ts';
import {
  type Attributes,
  type Dtype,
  evaluateGraph,
  type Graph,
  type GraphPlan,
  graphTypes,
  type Node,
  type OpName,
  type Parameter,
  planGraph,
  simplifyGraph,
  type TypedTensor,
  type ValueType,
} from 'nnpack-ts/graph';
import { type Model, type ModelValue, openModel, parseModel } from 'nnpack-ts/models';
import { type MxnetFileContents, readMxnetModel } from 'nnpack-ts/mxnet';
import { loadMxnetModel } from 'nnpack-ts/mxnet/load';
import { buildNetwork, graphOf, type IdentityNode, type Network, planNetwork } from 'nnpack-ts/networks';
import { type ModelGraph, readOnnxModel } from 'nnpack-ts/onnx';
import { loadOnnxModel } from 'nnpack-ts/onnx/load';
import { loadLayersModel } from 'nnpack-ts/tfjs/load';

const input = ndarray(new Float32Array(64), [1, 4, 4, 4]);
const kernel = ndarray(new Float32Array(144), [4, 4, 3, 3]);

/** A result is an ndarray, and so is an input; `{ data, shape }` will do for one. */
export const output: NdArray<Float32Array> = convolutionInference({ input, kernel });
export const plain: Tensor = convolutionInference({
  input: { data: new Float32Array(64), shape: [4, 4, 4] },
  kernel: { data: new Float32Array(144), shape: [4, 4, 3, 3], stride: [36, 9, 3, 1], offset: 0 },
  padding: { top: 1, left: 1 },
  stride: { height: 2, width: 1 },
  activation: { type: 'clamp', min: 0, max: 6 },
  algorithm: 'wt8x8',
  rule: 'measured',
});

/** What is written in place is what is returned, of its own type. */
const own = { data: new Float32Array(16), shape: [1, 4, 2, 2], label: 'mine' };
export const label: string = convolutionInference({ input, kernel, output: own }).label;

/** Options may be made once, and be as constant as they like. */
export const shared = { kernel, padding: 1, activation: 'relu' } as const satisfies ConvolutionOptions;
export const again: TensorLike = convolutionInference({ ...shared, input, context: undefined });

/** Where only shapes matter, a shape is enough. */
export const text: string = String(
  explainConvolution({ input: { shape: [1, 4, 8, 8] }, kernel: { shape: [8, 4, 3, 3] }, of: 'call' }),
);

export async function plans(signal: AbortSignal): Promise<readonly unknown[]> {
  const context: Context = await createContext({ threads: 2, kernels: 'auto', deterministic: true });
  const inBrowser = await createContext({ worker: (script) => new Worker(script, { type: 'module' }) });
  inBrowser.dispose();
  const plan = planConvolution({ input: { shape: [1, 4, 4, 4] }, kernel, context });
  const name: AlgorithmName = plan.algorithm;
  const profile: Readonly<Profile> = plan.profile;
  const dense = planFullyConnected({
    input: { shape: [64] },
    kernel: { data: new Uint16Array(640), shape: [10, 64], format: 'binary16' },
  });
  const scores: Tensor = dense.run({ data: new Float32Array(64), shape: [64] });
  const { output: pooled, indices } = maxPoolingOutputWithIndices({ input, poolingSize: 2 });
  const places: Int32Array = indices;
  const network: Network = await loadLayersModel('model.json');
  const outputs: Record<string, Tensor> = await planNetwork(network, { batch: 2 }).runAsync({}, { signal });
  return [name, profile.total, scores, pooled, places, outputs, buildNetwork('vgg-16').nodes[0].op];
}

export function codeOf(error: unknown): ErrorCode | null {
  return error instanceof NnpackError ? error.code : null;
}

reluOutput({ input, output: input, negativeSlope: 0.1 });
concatenationOutput({ inputs: [input, input], axis: 1 });
fullyConnectedInference({ input: ndarray(new Float32Array(4), [4]), kernel: ndarray(new Float32Array(8), [2, 4]) });

/** A graph may be written at once, or node by node. */
const kernelOf: Parameter = {
  type: { dtype: 'float32', shape: [4, 4, 3, 3] },
  data: new Float32Array(144),
  role: 'weight',
};
export const conv: Node<'convolution'> = {
  name: 'conv',
  op: 'convolution',
  inputs: ['x', 'w', null],
  outputs: ['a'],
  attributes: { padding: 'same', activation: { type: 'leaky', slope: 0.1 } },
};
export const graph: Graph = {
  name: 'graph',
  inputs: new Map([['x', { dtype: 'float32', shape: ['N', 4, 'H', 'W'] }]]),
  parameters: new Map([['w', kernelOf]]),
  nodes: [
    conv,
    { name: 'relu', op: 'relu', inputs: ['a'], outputs: ['b'], attributes: {} },
    { name: 'split', op: 'split', inputs: ['b'], outputs: ['y', 'z'], attributes: { sizes: [1, 3] } },
  ],
  outputs: ['y', 'z'],
};

/** A node is known by its operation. */
export function paddingOf(node: Node): Attributes['convolution']['padding'] {
  return node.op === 'convolution' ? node.attributes.padding : undefined;
}

export function onGraphs(signal: AbortSignal): readonly unknown[] {
  const type: ValueType | undefined = graphTypes(simplifyGraph(graph), { x: [1, 4, 8, 8] }).get('y');
  const dtype: Dtype | undefined = type?.dtype;
  const plan: GraphPlan = planGraph(graph, { inputs: { x: [1, 4, 8, 8] }, rule: 'measured' });
  const outputs: Promise<Record<string, TypedTensor>> = plan.runAsync({ x: input }, { signal });
  const values = evaluateGraph(graph, { x: { shape: [1, 4, 8, 8], data: new Float64Array(256) } });
  const doubles: Float64Array | undefined = values.get('y')?.data;
  const op: OpName = plan.report()[0].op;
  const node: IdentityNode = { op: 'identity', name: 'same', inputs: ['x'] };
  return [dtype, outputs, doubles, op, node, graphOf(buildNetwork('alexnet')).nodes[0].op];
}

/** A model's file gives a graph, whoever reads the files beside it. */
export async function modelsOf(path: string, bytes: Uint8Array, beside: Uint8Array): Promise<readonly Graph[]> {
  const { graph, metadata, notes }: ModelGraph = await loadOnnxModel(path);
  const read = readOnnxModel(bytes, { readExternal: (_, offset, length) => beside.subarray(offset, offset + length) });
  const files: MxnetFileContents = { symbol: '{}', params: bytes };
  const mxnet = [
    readMxnetModel(files, { shapes: { data: ['N', 3, 24, 24] } }),
    await loadMxnetModel(path, { params: path }),
  ];
  if (mxnet.every((model) => model.notes.length > 0)) return mxnet.map((model) => model.graph);
  return metadata.has('producer_name') && notes.length === 0 ? [graph, read.graph] : [];
}

/** A model takes and gives arrays of any type, from disk or from bytes. */
export async function runModel(bytes: Uint8Array, signal: AbortSignal): Promise<readonly TypedTensor[]> {
  const model: Model = await openModel('net-symbol.json', { params: 'net-0000.params', rule: 'nnpack' });
  const other = await parseModel({ 'model.onnx': bytes }, { algorithm: 'implicit-gemm' });
  const value: ModelValue | undefined = model.inputs.get('data');
  const shape: readonly (number | string)[] | null = value?.shape ?? null;
  const tokens = ndarray(BigInt64Array.of(1n), [1]);
  const { y, z } = await model.run({ data: input, tokens }, { signal, output: { y: input } });
  const text = `${shape} ${model.explain({ data: [1, 4, 4, 4] })} ${[...other.metadata]} ${other.notes}`;
  model.dispose();
  return text === '' ? [] : [y, z];
}
