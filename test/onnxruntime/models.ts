/** Small ONNX files for sessions, and what each computes. */
import type { Model } from '../../src/onnx/proto.ts';
import { graphProto, modelProto } from '../onnx/draw.ts';
import { constant, info, node } from '../onnx/one-node.ts';
import { writeModel } from '../onnx/write.ts';

/** c = a · b of 3×4 and 4×3, as the quick start of ONNX Runtime has it. */
export function product(fields: Partial<Model> = {}): Uint8Array {
  const graph = graphProto({
    nodes: [node('MatMul', ['a', 'b'], ['c'])],
    inputs: [info('a', [3, 4]), info('b', [4, 3])],
    outputs: [info('c', [3, 3])],
  });
  return writeModel(modelProto(graph, fields));
}

/** A pixel's class: y = softmax(pooled relu(w ∗ x)) for pictures of any size, and `best`, the class's number (int64). */
export function classifier(): Uint8Array {
  const weights = Array.from({ length: 4 * 3 * 9 }, (_, i) => Math.sin(i + 1) / 4);
  const graph = graphProto({
    nodes: [
      node('Conv', ['image', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      node('Relu', ['c'], ['r']),
      node('GlobalAveragePool', ['r'], ['p']),
      node('Flatten', ['p'], ['f']),
      node('Softmax', ['f'], ['scores']),
      node('ArgMax', ['scores'], ['best'], { axis: 1, keepdims: 0 }),
    ],
    inputs: [info('image', ['batch', 3, 'height', 'width'])],
    outputs: [info('scores', ['batch', 4]), info('best', ['batch'], 'int64')],
    initializers: [constant('w', { shape: [4, 3, 3, 3], numbers: weights })],
  });
  return writeModel(modelProto(graph));
}

/** y = x + x in each type of elements: inputs and outputs `x_…` and `y_…`; b_y = not b_x. */
export function everyType(types: readonly ('float32' | 'float64' | 'float16' | 'int64' | 'int32')[]): Uint8Array {
  const graph = graphProto({
    nodes: [
      ...types.map((type) => node('Add', [`x_${type}`, `x_${type}`], [`y_${type}`])),
      node('Not', ['x_bool'], ['y_bool']),
      node('Identity', ['x_uint8'], ['y_uint8']),
      node('Identity', ['x_int8'], ['y_int8']),
    ],
    inputs: [...types, 'bool' as const, 'uint8' as const, 'int8' as const].map((type) =>
      info(`x_${type}`, ['n'], type),
    ),
    outputs: [...types, 'bool' as const, 'uint8' as const, 'int8' as const].map((type) =>
      info(`y_${type}`, ['n'], type),
    ),
  });
  return writeModel(modelProto(graph));
}

const waves = (count: number, scale: number, step: number) =>
  Array.from({ length: count }, (_, i) => scale * Math.sin(step * i + 0.3));

/** Where a page is dark: a map of half the size, of pictures of any size. */
export function detector(): Uint8Array {
  const graph = graphProto({
    nodes: [
      node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
      node('Relu', ['c'], ['r']),
      node('MaxPool', ['r'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Conv', ['p', 'v', 'b'], ['d']),
      node('Sigmoid', ['d'], ['map']),
    ],
    inputs: [info('x', ['n', 3, 'h', 'w_'])],
    outputs: [info('map', ['n', 1, 'h2', 'w2'])],
    initializers: [
      constant('w', { shape: [4, 3, 3, 3], numbers: waves(108, 0.2, 1.7).map((x) => x - 0.05) }),
      constant('v', { shape: [1, 4, 1, 1], numbers: [0.5, 0.4, 0.3, 0.6] }),
      constant('b', { shape: [1], numbers: [-0.4] }),
    ],
  });
  return writeModel(modelProto(graph));
}

/** A line of 48 rows as scores of 7 letters for every 8 columns. */
export function recogniser(): Uint8Array {
  const graph = graphProto({
    nodes: [
      node('Conv', ['x', 'w'], ['c'], { kernel_shape: [48, 8], strides: [48, 8] }),
      node('Relu', ['c'], ['r']),
      node('Squeeze', ['r', 'axis'], ['s']),
      node('Transpose', ['s'], ['t'], { perm: [0, 2, 1] }),
      node('MatMul', ['t', 'v'], ['m']),
      node('Softmax', ['m'], ['letters'], { axis: 2 }),
    ],
    inputs: [info('x', ['n', 3, 48, 'w_'])],
    outputs: [info('letters', ['n', 'steps', 7])],
    initializers: [
      constant('w', { shape: [6, 3, 48, 8], numbers: waves(6 * 3 * 48 * 8, 0.02, 0.9) }),
      constant('axis', { shape: [1], numbers: [2], dtype: 'int64' }),
      constant('v', { shape: [6, 7], numbers: waves(42, 2, 1.1) }),
    ],
  });
  return writeModel(modelProto(graph));
}

/** A picture at twice its size and sharpened, and the mean of each of its channels. */
export function enlarger(): Uint8Array {
  const graph = graphProto({
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['c'], { pads: [2, 2, 2, 2] }),
      node('LeakyRelu', ['c'], ['l'], { alpha: { float: 0.1 } }),
      node('Conv', ['l', 'v'], ['d'], { pads: [1, 1, 1, 1] }),
      node('DepthToSpace', ['d'], ['large'], { blocksize: 2, mode: 'CRD' }),
      node('ReduceMean', ['large'], ['mean'], { axes: [2, 3], keepdims: 0 }),
    ],
    inputs: [info('x', ['n', 3, 'h', 'w_'])],
    outputs: [info('large', ['n', 3, 'h2', 'w2']), info('mean', ['n', 3])],
    initializers: [
      constant('w', { shape: [8, 3, 5, 5], numbers: waves(600, 0.1, 1.3) }),
      constant('b', { shape: [8], numbers: waves(8, 0.1, 1) }),
      constant('v', { shape: [12, 8, 3, 3], numbers: waves(864, 0.1, 2.1) }),
    ],
  });
  return writeModel(modelProto(graph));
}
