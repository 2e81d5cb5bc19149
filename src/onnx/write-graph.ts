/**
 * A graph as an ONNX model: operations that are one operator each, or one and the activation behind it. What ONNX says
 * otherwise is refused, all of it at once. The reader gives a graph of the same results.
 */
import { NnpackError } from '../errors.ts';
import { type Activation, axesOf, sidesOf } from '../graph/attributes.ts';
import { FreshNames, type Graph, type Node, namesOf } from '../graph/graph.ts';
import { inferTypes, type Types } from '../graph/infer.ts';
import type { PoolingAttributes } from '../graph/ops/pooling.ts';
import type { OpName } from '../graph/ops/table.ts';
import { isRounded, type Name, type Parameter, type ValueType } from '../graph/values.ts';
import { encodeHalf } from '../maths/half.ts';
import { dataTypeNumber, dataTypeOf } from './data-types.ts';
import { SAME } from './operators/elementwise.ts';
import type { AttributeProto, Model, NodeProto, TensorProto, ValueInfo } from './proto.ts';
import { writeModel } from './write-model.ts';

/** Of Sum with any number of terms, Clip with bounds as inputs, and all that is written here. */
const OPSET = 18;
const IR_VERSION = 8;

type Value = number | string | readonly number[] | { readonly float: number };
type Attributes = Readonly<Record<string, Value | undefined>>;

/** Appends what one node becomes, or refuses it. */
type Writer<O extends OpName> = (node: Node<O>, nodes: Nodes) => void;

/** @throws NnpackError 'unsupported-layer' with all operations that ONNX has no operator for */
export function writeOnnxModel(graph: Graph): Uint8Array {
  return writeModel(modelOfGraph(graph));
}

export function modelOfGraph(graph: Graph): Model {
  const nodes = new Nodes(graph);
  for (const node of graph.nodes) {
    // The writer is that of the node's operation.
    const write = WRITERS[node.op] as Writer<OpName> | undefined;
    if (write === undefined) nodes.refused.add(node.op);
    else write(node, nodes);
  }
  if (nodes.refused.size > 0) {
    const names = [...nodes.refused].sort().join(', ');
    throw new NnpackError('unsupported-layer', `graph: operations that ONNX says otherwise: ${names}`);
  }
  const types = nodes.types;
  return {
    irVersion: IR_VERSION,
    opsets: new Map([['', OPSET]]),
    producer: { name: 'nnpack-ts', version: '' },
    ...{ domain: '', modelVersion: 0, description: '' },
    graph: {
      name: graph.name,
      nodes: nodes.list,
      inputs: [...graph.inputs].map(([name, type]) => infoOf(name, type)),
      outputs: graph.outputs.map((name) => infoOf(name, types.get(name))),
      valueInfo: [],
      initializers: [...nodes.parameters].map(([name, parameter]) => tensorOf(name, parameter)),
    },
    functions: [],
    metadata: new Map(),
  };
}

/** The nodes of a file, as they are appended. */
class Nodes {
  readonly list: NodeProto[] = [];
  /** Operations that ONNX says otherwise. */
  readonly refused = new Set<OpName>();
  readonly types: Types;
  readonly parameters: Map<Name, Parameter>;
  readonly #names: FreshNames;

  constructor(graph: Graph) {
    this.types = inferTypes(graph);
    this.parameters = new Map(graph.parameters);
    this.#names = new FreshNames(namesOf(graph));
  }

  append(opType: string, inputs: readonly (Name | null)[], outputs: readonly Name[], given: Attributes = {}): void {
    const attributes = new Map<string, AttributeProto>();
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) attributes.set(name, attributeOf(name, value));
    }
    const named = inputs.map((name) => name ?? '');
    this.list.push({ name: outputs[0], opType, domain: '', overload: '', inputs: named, outputs, attributes });
  }

  /** The same, with an activation behind it. */
  activated(opType: string, node: Node, inputs: readonly (Name | null)[], given: Attributes, then?: Activation): void {
    const [output] = node.outputs;
    const before = then === undefined ? output : this.fresh(output);
    this.append(opType, inputs, [before], given);
    if (then !== undefined) this.activate(before, output, then);
  }

  activate(from: Name, to: Name, activation: Activation): void {
    if (activation === 'relu') this.append('Relu', [from], [to]);
    else if (activation.type === 'leaky')
      this.append('LeakyRelu', [from], [to], { alpha: { float: activation.slope } });
    else this.append('Clip', [from, this.number(to, activation.min), this.number(to, activation.max)], [to]);
  }

  /** A constant without axes. */
  number(hint: Name, value: number): Name {
    const name = this.fresh(hint);
    const type = { dtype: 'float32', shape: [] } as const;
    this.parameters.set(name, { type, data: Float32Array.of(value), role: 'constant' });
    return name;
  }

  fresh(hint: Name): Name {
    return this.#names.take(hint);
  }

  rankOf(name: Name | null): number | undefined {
    return name === null ? undefined : this.types.get(name)?.shape.length;
  }
}

const OPERATORS = new Map<OpName, string>(Object.entries(SAME).map(([operator, op]) => [op, operator]));

function plain(node: Node, nodes: Nodes): void {
  nodes.append(OPERATORS.get(node.op) ?? '', node.inputs, node.outputs);
}

const WRITERS: { readonly [O in OpName]?: Writer<O> } = {
  ...Object.fromEntries([...OPERATORS.keys()].map((op) => [op, plain])),
  // The first of its operators is Add, which takes two.
  sum: (node, nodes) => nodes.append('Sum', node.inputs, node.outputs),
  identity: (node, nodes) => nodes.append('Identity', node.inputs, node.outputs),
  dropout: (node, nodes) => nodes.append('Dropout', node.inputs, node.outputs),
  convolution(node, nodes) {
    const { stride = 1, dilation = 1, groups = 1, padding = 0, activation } = node.attributes;
    const given = { strides: axesOf(stride), dilations: axesOf(dilation), group: groups, ...padsOf(padding) };
    nodes.activated('Conv', node, node.inputs, given, activation);
  },
  'fully-connected'(node, nodes) {
    const [x, kernel, bias = null] = node.inputs;
    const flat = nodes.rankOf(x) === 2 ? x : nodes.fresh(node.outputs[0]);
    if (flat !== x && flat !== null) nodes.append('Flatten', [x], [flat], { axis: 1 });
    const inputs = bias === null ? [flat, kernel] : [flat, kernel, bias];
    nodes.activated('Gemm', node, inputs, { transB: 1 }, node.attributes.activation);
  },
  addition: (node, nodes) => nodes.activated('Sum', node, node.inputs, {}, node.attributes.activation),
  relu(node, nodes) {
    const { negativeSlope: slope = 0 } = node.attributes;
    nodes.activate(node.inputs[0] ?? '', node.outputs[0], slope === 0 ? 'relu' : { type: 'leaky', slope });
  },
  clamp: (node, nodes) => nodes.activate(node.inputs[0] ?? '', node.outputs[0], { type: 'clamp', ...node.attributes }),
  'max-pooling': (node, nodes) => pool('MaxPool', node, nodes, {}),
  'average-pooling'(node, nodes) {
    const { countPadding = false } = node.attributes;
    pool('AveragePool', node, nodes, { count_include_pad: countPadding ? 1 : 0 });
  },
  'global-average-pooling'(node, nodes) {
    const planes = nodes.fresh(node.outputs[0]);
    nodes.append('GlobalAveragePool', node.inputs, [planes]);
    nodes.append('Flatten', [planes], node.outputs, { axis: 1 });
  },
  'batch-normalisation'(node, nodes) {
    nodes.append('BatchNormalization', node.inputs, node.outputs, { epsilon: { float: node.attributes.epsilon } });
  },
  'local-response-normalisation'(node, nodes) {
    const { size, alpha, beta, bias } = node.attributes;
    const given = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: bias } };
    nodes.append('LRN', node.inputs, node.outputs, given);
  },
  concatenation: (node, nodes) => nodes.append('Concat', node.inputs, node.outputs, { axis: 1 }),
  'depth-to-space'(node, nodes) {
    const { blockSize, order } = node.attributes;
    const mode = order === 'block-first' ? 'DCR' : 'CRD';
    nodes.append('DepthToSpace', node.inputs, node.outputs, { blocksize: blockSize, mode });
  },
  flatten: (node, nodes) => nodes.append('Flatten', node.inputs, node.outputs, { axis: 1 }),
  softmax: (node, nodes) => nodes.append('Softmax', node.inputs, node.outputs, { axis: 1 }),
  transpose: (node, nodes) =>
    nodes.append('Transpose', node.inputs, node.outputs, { perm: node.attributes.permutation }),
};

/** Windows that hang over are not those of ONNX, which leaves out others. */
function pool(opType: string, node: Node<'max-pooling' | 'average-pooling'>, nodes: Nodes, given: Attributes): void {
  const { poolingSize, stride = poolingSize, padding = 0, convention = 'valid' }: PoolingAttributes = node.attributes;
  if (convention === 'full') nodes.refused.add(node.op);
  const pads = padsOf(convention === 'same' ? 'same' : padding);
  const windows = { kernel_shape: axesOf(poolingSize), strides: axesOf(stride), ...pads, ...given };
  nodes.append(opType, node.inputs, node.outputs, windows);
}

function padsOf(padding: 'same' | Parameters<typeof sidesOf>[0]): Attributes {
  if (padding === 'same') return { auto_pad: 'SAME_UPPER' };
  const { top, left, bottom, right } = sidesOf(padding);
  return { pads: [top, left, bottom, right] };
}

function attributeOf(name: string, value: Value): AttributeProto {
  if (typeof value === 'string') return { name, type: 'string', value };
  if (typeof value === 'number') return { name, type: 'int', value };
  return 'float' in value ? { name, type: 'float', value: value.float } : { name, type: 'ints', value };
}

function infoOf(name: Name, type: ValueType | undefined): ValueInfo {
  if (type === undefined) return { name, type: null };
  return { name, type: { kind: 'tensor', elements: dataTypeOf(dataTypeNumber(type.dtype)), shape: type.shape } };
}

/** The numbers as they lie in memory; those of half precision as their bits. */
function tensorOf(name: Name, { type: { dtype, shape }, data }: Parameter): TensorProto {
  const none = { floatData: null, int32Data: null, int64Data: null, doubleData: null, uint64Data: null };
  const array = isRounded(dtype) ? Uint16Array.from(data as Float32Array, (x) => bitsOf(x, dtype)) : data;
  const rawData = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { name, dataType: dataTypeNumber(dtype), dims: shape, rawData, ...none, external: null, isSegment: false };
}

function bitsOf(x: number, dtype: ValueType['dtype']): number {
  if (dtype === 'float16') return encodeHalf(x, 'binary16');
  return new Uint32Array(Float32Array.of(x).buffer)[0] >>> 16;
}
