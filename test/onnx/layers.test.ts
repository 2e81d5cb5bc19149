/** What the converters of layers make of attributes, opsets and constants. */
import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { type Dtype, parameterOf } from '../../src/graph/values.ts';
import { GraphBuilder } from '../../src/onnx/graph-builder.ts';
import { NodeReader } from '../../src/onnx/node-reader.ts';
import { CONVERTERS } from '../../src/onnx/operators/table.ts';
import type { AttributeProto, NodeProto } from '../../src/onnx/proto.ts';
import { makeArray, sizeOf } from '../../src/tensor/ndarray.ts';
import { node, run as runFile } from './one-node.ts';

type Value = number | string | readonly number[];
/** Whole numbers, but where the name is one of these. */
const FLOATS = ['alpha', 'beta', 'epsilon', 'momentum'];

function attribute(name: string, value: Value): AttributeProto {
  if (typeof value === 'string') return { name, type: 'string', value } as AttributeProto;
  if (typeof value !== 'number') return { name, type: 'ints', value: value.map(BigInt) } as unknown as AttributeProto;
  const isFloat = FLOATS.includes(name);
  return { name, type: isFloat ? 'float' : 'int', value: isFloat ? value : BigInt(value) } as unknown as AttributeProto;
}

interface Given {
  readonly opset?: number;
  readonly outputs?: readonly string[];
  /** Beside the input x. */
  readonly constants?: readonly (readonly [shape: readonly number[], numbers: readonly number[]])[];
  readonly shape?: readonly (number | string)[];
}

function convert(opType: string, attributes: Readonly<Record<string, Value>>, given: Given = {}): Graph {
  const { opset = 22, outputs = ['y'], constants = [], shape = ['N', 1, 'H', 'W'] } = given;
  const inputs = ['x', ...constants.map((_, i) => `c${i}`)];
  const builder = new GraphBuilder([...inputs, ...outputs], false);
  constants.forEach(([sizes, numbers], i) => {
    builder.parameter(`c${i}`, parameterOf({ shape: sizes, data: Float64Array.from(numbers) }, 'float32', 'weight'));
  });
  const list = Object.entries(attributes).map(([name, value]) => [name, attribute(name, value)] as const);
  const node = { name: 'n', opType, domain: '', inputs, outputs, attributes: new Map(list) } as unknown as NodeProto;
  const reader = new NodeReader(node, opset);
  CONVERTERS.get(opType)?.(reader, builder);
  expect(reader.unread()).toEqual([]);
  const types = new Map([['x', { dtype: 'float32' as Dtype, shape }]]);
  return { name: 'one', inputs: types, parameters: builder.parameters, nodes: builder.nodes, outputs };
}

const simplified = (graph: Graph) => simplifyGraph(graph).nodes.map(({ op, attributes }) => ({ op, attributes }));

const kernel = [[1, 1, 3, 3], new Array<number>(9).fill(1)] as const;
const matrix = [
  [2, 3],
  [1, 2, 3, 4, 5, 6],
] as const;
const run = (graph: Graph, shape: readonly number[], numbers: readonly number[]) =>
  Array.from(runGraph(graph, { x: makeArray(Float32Array.from(numbers), shape) }).y.data, Number);

describe('layers of ONNX', () => {
  it.each([
    ['Conv', { pads: [1, 1, 1, 1] }, [kernel], 'convolution'],
    ['Conv', { auto_pad: 'SAME_UPPER', strides: [2, 2] }, [kernel], 'convolution'],
    ['Conv', { auto_pad: 'VALID' }, [kernel], 'convolution'],
    // How much padding there is before a plane follows from its size.
    ['Conv', { auto_pad: 'SAME_LOWER' }, [kernel], 'convolution-nd'],
    ['MaxPool', { kernel_shape: [2, 2], strides: [2, 2] }, [], 'max-pooling'],
    ['MaxPool', { kernel_shape: [2, 2], ceil_mode: 1 }, [], 'max-pooling-nd'],
    ['MaxPool', { kernel_shape: [2, 2], ceil_mode: 1, auto_pad: 'VALID' }, [], 'max-pooling'],
    ['AveragePool', { kernel_shape: [2, 2], count_include_pad: 1, pads: [1, 0, 0, 1] }, [], 'average-pooling'],
    ['AveragePool', { kernel_shape: [2, 2], auto_pad: 'SAME_UPPER' }, [], 'average-pooling'],
    ['Softmax', { axis: 1 }, [], 'softmax'],
  ] as const)('%s with %j is one that has kernels', (opType, attributes, constants, op) => {
    expect(simplified(convert(opType, attributes, { constants })).map((node) => node.op)).toEqual([op]);
  });

  it.each([
    ['MatMul', {}, [matrix]],
    ['Gemm', {}, [matrix, [[3], [1, 2, 3]]]],
    [
      'Gemm',
      {},
      [
        matrix,
        [
          [1, 3],
          [1, 2, 3],
        ],
      ],
    ],
    [
      'Gemm',
      { transB: 1 },
      [
        [
          [3, 2],
          [1, 4, 2, 5, 3, 6],
        ],
        [[], [1]],
      ],
    ],
  ] as const)('%s with %j and constants is a fully-connected layer', (opType, attributes, constants) => {
    const graph = convert(opType, attributes, { constants, shape: ['N', 2] });
    expect(simplified(graph).map((node) => node.op)).toEqual(['fully-connected']);
    const summand = constants.length === 1 ? [0, 0, 0] : constants[1][1].length === 3 ? [1, 2, 3] : [1, 1, 1];
    const expected = [1 * 10 + 4 * 100, 2 * 10 + 5 * 100, 3 * 10 + 6 * 100].map((sum, i) => sum + summand[i]);
    expect(run(graph, [1, 2], [10, 100])).toEqual(expected);
  });

  it('does not read a summand that is taken 0 times', () => {
    const constants = [
      matrix,
      [
        [1, 3],
        [Number.NaN, 2, 3],
      ],
    ] as const;
    const graph = convert('Gemm', { beta: 0 }, { constants, shape: ['N', 2] });
    expect(run(graph, [1, 2], [10, 100])).toEqual([410, 520, 630]);
  });

  it('reads a softmax before opset 13 as that of a matrix', () => {
    const graph = (opset: number) => convert('Softmax', { axis: 1 }, { opset, shape: ['N', 2, 2] });
    expect(run(graph(12), [1, 2, 2], [0, 0, 0, 0])).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(run(graph(13), [1, 2, 2], [0, 0, 0, 0])).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('takes the scales of a group normalisation before opset 21 as those of groups', () => {
    const constants = [
      [[2], [1, 10]],
      [[2], [0, 100]],
    ] as const;
    const graph = convert('GroupNormalization', { num_groups: 2, epsilon: 0 }, { opset: 18, constants, shape: [1, 4] });
    expect(run(graph, [1, 4], [1, 3, 5, 9])).toEqual([-1, 1, 90, 110]);
  });

  it.each([
    ['BatchNormalization', { training_mode: 1 }, ['y'], 'unsupported-layer'],
    ['BatchNormalization', { momentum: 0.5 }, ['y', 'mean', 'variance'], 'unsupported-layer'],
    ['BatchNormalization', { spatial: 0 }, ['y'], 'unsupported-layer'],
    ['MaxPool', {}, ['y'], 'invalid-model'],
    ['MaxPool', { kernel_shape: [2, 2], pads: [1, 1, 1] }, ['y'], 'invalid-model'],
    ['MaxPool', { kernel_shape: [2, 2], auto_pad: 'SAME' }, ['y'], 'invalid-model'],
    ['GroupNormalization', {}, ['y'], 'invalid-model'],
    ['LRN', {}, ['y'], 'invalid-model'],
    ['LayerNormalization', { stash_type: 7 }, ['y'], 'unsupported-layer'],
  ] as const)('refuses %s with %j and the outputs %j', (opType, attributes, outputs, code) => {
    expect(() => convert(opType, attributes, { outputs })).toThrow(expect.objectContaining({ code }));
  });

  it.each([-0.5, -2, 0, 0.25, 3])('reads LeakyRelu with the slope %d, in half precision too', (alpha) => {
    const nodes = [
      node('Cast', ['x'], ['h'], { to: 10 }),
      node('LeakyRelu', ['h'], ['l'], { alpha: { float: alpha } }),
      node('Cast', ['l'], ['y'], { to: 1 }),
      node('LeakyRelu', ['x'], ['z'], { alpha: { float: alpha } }),
    ];
    const x = { shape: [4], numbers: [-2, -0.5, 0, 3] };
    const made = runFile(nodes, { inputs: { x }, outputs: ['y', 'z'] });
    const expected = [-2 * alpha, -0.5 * alpha, 0, 3].map((v) => v + 0);
    expect(made.y.numbers.map((v) => v + 0)).toEqual(expected);
    expect(made.z.numbers.map((v) => v + 0)).toEqual(expected);
  });

  it.each([
    ['Conv', {}, [2, 1, 2, 2]],
    ['Conv', { auto_pad: 'SAME_LOWER', strides: [2, 2] }, [2, 1, 2, 2]],
    ['ConvTranspose', {}, [1, 2, 2, 2]],
    ['MatMul', {}, [3, 2]],
    ['Gemm', {}, [3, 2]],
  ] as const)('reads %s with %j and weights that nodes compute', (opType, attributes, shape) => {
    const count = sizeOf(shape);
    const isConvolution = shape.length === 4;
    const x = { shape: isConvolution ? [1, 1, 3, 3] : [3, 3], numbers: Array.from({ length: 9 }, (_, i) => i - 2.5) };
    const w = { shape, numbers: Array.from({ length: count }, (_, i) => i - 1) };
    const half = { shape: [1], numbers: [0.5] };
    const nodes = [node('Mul', ['w', 'half'], ['v']), node(opType, ['x', 'v'], ['y'], attributes)];
    const plain = [node(opType, ['x', 'w'], ['y'], attributes)];
    const halved = { shape, numbers: w.numbers.map((v) => v / 2) };
    const expected = runFile(plain, { inputs: { x }, constants: { w: halved } });
    // of constants, of inputs, and of what follows from the input
    expect(runFile(nodes, { inputs: { x }, constants: { w, half } })).toEqual(expected);
    expect(runFile(nodes, { inputs: { x, w }, constants: { half } })).toEqual(expected);
    const kernel = [node('Shape', ['x'], ['s']), node('Cast', ['s'], ['f'], { to: 1 })];
    const mean = [node('ReduceMin', ['f'], ['m'], { keepdims: 0 }), node('Div', ['m', 'm'], ['one'])];
    const own = [...kernel, ...mean, node('Mul', ['w', 'one'], ['v']), node(opType, ['x', 'v'], ['y'], attributes)];
    expect(runFile(own, { inputs: { x }, constants: { w: halved } }).y.shape).toEqual(expected.y.shape);
  });

  it('refuses a kernel of another size than is told', () => {
    const read = () => convert('Conv', { kernel_shape: [2, 2] }, { constants: [kernel] });
    expect(read).toThrow(expect.objectContaining({ code: 'invalid-model' }));
  });
});
