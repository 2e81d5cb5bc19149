/** What the compiler must refuse, against the declarations that are packed; a line that it lets pass is an error of this file. */
import {
  type ContextOptions,
  type ConvolutionPlan,
  convolutionInference,
  createContext,
  type ErrorCode,
  explainConvolution,
  fullyConnectedInference,
  maxPoolingOutput,
  planConvolution,
  reluOutput,
  type SelectionOptions,
} from 'nnpack-ts';
import { evaluateGraph, type Graph, type Node, type Parameter, planGraph, type Size } from 'nnpack-ts/graph';
import { buildNetwork, type NetworkNode, planNetwork } from 'nnpack-ts/networks';

const input = { data: new Float32Array(64), shape: [1, 4, 4, 4] };
const kernel = { data: new Float32Array(144), shape: [4, 4, 3, 3] };

// @ts-expect-error there is no kernel
convolutionInference({ input });
// @ts-expect-error a field that is not known
convolutionInference({ input, kernel, paddings: 1 });
// @ts-expect-error numbers of another type
convolutionInference({ input: { data: new Float64Array(64), shape: [1, 4, 4, 4] }, kernel });
// @ts-expect-error an array of numbers is no typed array
convolutionInference({ input: { data: [1, 2, 3], shape: [3] }, kernel });
// @ts-expect-error the name of no activation
convolutionInference({ input, kernel, activation: 'gelu' });
// @ts-expect-error a leaky activation without its slope
convolutionInference({ input, kernel, activation: { type: 'leaky' } });
// @ts-expect-error padding has no side of that name
convolutionInference({ input, kernel, padding: { up: 1 } });
// @ts-expect-error a list of strides
convolutionInference({ input, kernel, stride: [2, 2] });
// @ts-expect-error the name of no algorithm
convolutionInference({ input, kernel, algorithm: 'winograd' });
// @ts-expect-error a subject is a plan or a call
explainConvolution({ input, kernel, of: 'run' });
// @ts-expect-error a shape alone computes nothing
reluOutput({ input: { shape: [4] } });
// @ts-expect-error there is no size
maxPoolingOutput({ input });
// @ts-expect-error half precision in a format that is not known
fullyConnectedInference({ input, kernel: { data: new Uint16Array(4), shape: [2, 2], format: 'bfloat16' } });
// @ts-expect-error a table that is not known
createContext({ kernels: 'wasm' });
// @ts-expect-error a context is to be waited for
planConvolution({ input, kernel, context: createContext() });
// @ts-expect-error the name of no network
buildNetwork('vgg-17');
// @ts-expect-error a network is no list of nodes
planNetwork([]);

export function readOnly(plan: ConvolutionPlan, options: ContextOptions): void {
  // @ts-expect-error a profile is for reading
  plan.profile.total = 0;
  // @ts-expect-error so is what a plan is
  plan.algorithm = 'direct';
  // @ts-expect-error and what was asked for
  options.threads = 2;
}

// @ts-expect-error no rule of that name
export const selection: SelectionOptions = { rule: 'slowest' };
// @ts-expect-error no code of that name
export const code: ErrorCode = 'invalid-colour';
// @ts-expect-error an operation that networks do not have
export const node: NetworkNode = { name: 'a', op: 'convolve', inputs: [] };

const names = { name: 'a', inputs: ['x'], outputs: ['y'] };
// @ts-expect-error an attribute of another operation
export const relu: Node = { ...names, op: 'relu', attributes: { padding: 1 } };
// @ts-expect-error the same, of a node whose operation is told
export const clamp: Node<'clamp'> = { ...names, op: 'clamp', attributes: { min: 0, max: 6, epsilon: 1 } };
// @ts-expect-error an attribute is missing
export const split: Node = { ...names, op: 'split', attributes: {} };
// @ts-expect-error an operation that graphs do not have
export const convolve: Node = { ...names, op: 'convolve', attributes: {} };
// @ts-expect-error a node of another operation
export const conv: Node<'convolution'> = { ...names, op: 'pad', attributes: { padding: 1 } };
// @ts-expect-error a node's own kernel: it is a parameter, which the node reads by name
export const own: Node = { ...names, op: 'convolution', attributes: { kernel: 'w' } };
// @ts-expect-error what has no attributes says so
export const without: Node = { ...names, op: 'flatten' };
// @ts-expect-error what is null here has no name
export const unnamed: Node = { ...names, outputs: [null], op: 'relu', attributes: {} };
export const parameter: Parameter = {
  // @ts-expect-error the sizes of a parameter are known
  type: { dtype: 'float32', shape: ['C'] },
  data: new Float32Array(1),
  role: 'weight',
};
// @ts-expect-error the name of no type
export const inputs: Graph['inputs'] = new Map([['x', { dtype: 'float', shape: ['N'] }]]);
// @ts-expect-error a size that is not known has a name
export const unknownSize: Size = null;

export function onGraphs(graph: Graph): void {
  // @ts-expect-error references compute in double
  evaluateGraph(graph, { x: { shape: [1], data: new Float32Array(1) } });
  // @ts-expect-error the batch is the first size of each input
  planGraph(graph, { batch: 2 });
  // @ts-expect-error a graph is for reading
  graph.nodes.push(relu);
  // @ts-expect-error and so is what a node reads
  graph.nodes[0].inputs[0] = 'z';
}
