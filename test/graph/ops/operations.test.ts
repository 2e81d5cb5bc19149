/** Every operation as it is compiled, against the reference of its record, on drawn nodes and poisoned memory. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseSelection } from '../../../src/dispatch/select.ts';
import type { CompiledNode } from '../../../src/graph/compiled.ts';
import { inferTypes } from '../../../src/graph/infer.ts';
import { lowerNode } from '../../../src/graph/lower.ts';
import { type Context, createContext } from '../../../src/index.ts';

import {
  type Activation,
  type NetworkNode,
  NODE_OPS,
  type NodeOf,
  type NodeOp,
  type Shape,
} from '../../../src/networks/network.ts';
import { graphOf } from '../../../src/networks/parse.ts';
import { parseNode } from '../../../src/networks/parse-node.ts';
import { boundInputs, outputShape } from '../../../src/networks/shapes.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { RUNS, randomNumbers } from '../../networks/arbitrary.ts';
import { compute, type Tensor, tensor } from '../../networks/naive.ts';
import { allowedError } from '../../networks/propagate.ts';
import { roundingsOf } from '../../support/roundings.ts';
import { runNode } from './run-node.ts';

const EPSILON = 2 ** -24;
/** Roundings of the bound itself, and of references in double. */
const SLACK = 1.001;

let contexts: Context[];
beforeAll(async () => {
  contexts = await Promise.all(
    (['scalar', 'auto'] as const).flatMap((kernels) => [1, 2].map((threads) => createContext({ kernels, threads }))),
  );
});
afterAll(() => {
  for (const context of contexts) context.dispose();
});

/** Whole numbers from 0 that one seed gives, each below what is asked for. */
type Pick = (below: number) => number;

/** A node but for its name and inputs, and the shapes that it reads, batch apart. */
interface Draw<Op extends NodeOp> {
  readonly node: Omit<NodeOf<Op>, 'name' | 'inputs'>;
  readonly shapes: readonly Shape[];
}

const plane = (pick: Pick): Shape => [1 + pick(4), 1 + pick(9), 1 + pick(9)];
const planeOrVector = (pick: Pick): Shape => (pick(3) === 0 ? [1 + pick(9)] : plane(pick));
const numbers = (pick: Pick, count: number) => randomNumbers(pick(1 << 20), count);
const sides = (pick: Pick, most: number) => {
  return { top: pick(most), right: pick(most), bottom: pick(most), left: pick(most) };
};
const axes = (pick: Pick, most: number) => ({ height: 1 + pick(most), width: 1 + pick(most) });
const activation = (pick: Pick): Activation | undefined => {
  const all = [undefined, 'relu', { type: 'leaky', slope: 0.25 }, { type: 'clamp', min: -0.5, max: 0.25 }] as const;
  return all[pick(4)];
};

function pooling(pick: Pick) {
  const shape = plane(pick);
  const poolingSize = { height: 1 + pick(Math.min(3, shape[1])), width: 1 + pick(Math.min(3, shape[2])) };
  const convention = (['valid', 'full', 'same'] as const)[pick(3)];
  const padding = convention === 'same' ? undefined : sides(pick, 3);
  return { options: { poolingSize, stride: pick(3) === 0 ? undefined : axes(pick, 3), padding, convention }, shape };
}

const DRAWS: { readonly [Op in NodeOp]: (pick: Pick) => Draw<Op> } = {
  convolution(pick) {
    const groups = 1 + pick(2);
    const [inputs, outputs] = [groups * (1 + pick(3)), groups * (1 + pick(3))];
    const [dilation, shape] = [axes(pick, 2), [inputs, 5 + pick(9), 5 + pick(9)]];
    const kernelShape = [outputs, inputs / groups, 1 + pick(3), 1 + pick(3)];
    const kernel = { data: numbers(pick, sizeOf(kernelShape)), shape: kernelShape };
    const bias = pick(2) === 0 ? undefined : numbers(pick, outputs);
    const padding = pick(2) === 0 ? ('same' as const) : sides(pick, 3);
    const options = { kernel, bias, stride: axes(pick, 2), dilation, groups, padding, activation: activation(pick) };
    return { node: { op: 'convolution', ...options }, shapes: [shape] };
  },
  'fully-connected'(pick) {
    const shape = planeOrVector(pick);
    const [outputs, inputs] = [1 + pick(9), sizeOf(shape)];
    const kernel = { data: numbers(pick, outputs * inputs), shape: [outputs, inputs] };
    const bias = pick(2) === 0 ? undefined : numbers(pick, outputs);
    return { node: { op: 'fully-connected', kernel, bias, activation: activation(pick) }, shapes: [shape] };
  },
  'max-pooling'(pick) {
    const { options, shape } = pooling(pick);
    return { node: { op: 'max-pooling', ...options }, shapes: [shape] };
  },
  'average-pooling'(pick) {
    const { options, shape } = pooling(pick);
    return { node: { op: 'average-pooling', ...options, countPadding: pick(2) === 0 }, shapes: [shape] };
  },
  'global-average-pooling': (pick) => ({ node: { op: 'global-average-pooling' }, shapes: [plane(pick)] }),
  relu: (pick) => ({
    node: { op: 'relu', negativeSlope: [undefined, 0, 0.25, 1, 3][pick(5)] },
    shapes: [planeOrVector(pick)],
  }),
  clamp: (pick) => ({ node: { op: 'clamp', min: -0.5 * pick(3), max: 0.25 * pick(3) }, shapes: [planeOrVector(pick)] }),
  softmax: (pick) => ({ node: { op: 'softmax' }, shapes: [planeOrVector(pick)] }),
  'local-response-normalisation'(pick) {
    const options = { size: 1 + pick(6), alpha: 0.5 * pick(3), beta: 0.25 * pick(5), bias: 1 };
    return { node: { op: 'local-response-normalisation', ...options }, shapes: [planeOrVector(pick)] };
  },
  'batch-normalisation'(pick) {
    const shape = planeOrVector(pick);
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map(() => numbers(pick, shape[0]));
    const statistics = { gamma, beta, mean, variance: variance.map(Math.abs), epsilon: 0.01 };
    return { node: { op: 'batch-normalisation', ...statistics }, shapes: [shape] };
  },
  'scale-shift'(pick) {
    const shape = planeOrVector(pick);
    const [scale, shift] = [numbers(pick, shape[0]), numbers(pick, shape[0])];
    return { node: { op: 'scale-shift', scale, shift }, shapes: [shape] };
  },
  concatenation(pick) {
    const [, ...rest] = planeOrVector(pick);
    const shapes = Array.from({ length: 1 + pick(4) }, () => [1 + pick(4), ...rest]);
    return { node: { op: 'concatenation' }, shapes };
  },
  addition(pick) {
    const shape = planeOrVector(pick);
    const shapes = Array.from({ length: 2 + pick(3) }, () => shape);
    return { node: { op: 'addition', activation: activation(pick) }, shapes };
  },
  resize(pick) {
    const shape = plane(pick);
    const [height, width] = [0.5, 1, 1.5, 2, 3].filter((scale) => scale * Math.min(shape[1], shape[2]) >= 1).slice(-2);
    const mode = pick(2) === 0 ? 'nearest' : 'bilinear';
    return { node: { op: 'resize', mode, scale: pick(2) === 0 ? height : { height, width } }, shapes: [shape] };
  },
  pad(pick) {
    const mode = (['constant', 'reflect', 'edge'] as const)[pick(3)];
    const [channels, height, width] = plane(pick);
    const padding = sides(pick, mode === 'reflect' ? Math.min(height, width) : 6);
    const value = mode === 'constant' ? [undefined, 0.1, -Infinity][pick(3)] : undefined;
    return { node: { op: 'pad', padding, mode, value }, shapes: [[channels, height, width]] };
  },
  dropout: (pick) => ({ node: { op: 'dropout' }, shapes: [planeOrVector(pick)] }),
  identity: (pick) => ({ node: { op: 'identity' }, shapes: [planeOrVector(pick)] }),
  flatten: (pick) => ({ node: { op: 'flatten' }, shapes: [planeOrVector(pick)] }),
};

const absolute = (x: Tensor): Tensor => ({ shape: x.shape, data: x.data.map(Math.abs) });

/** The error allowed at each output: of nodes that only choose or copy, none. */
function boundOf(
  node: NetworkNode,
  inputs: readonly Tensor[],
  expected: Tensor,
  compiled: CompiledNode,
  context: Context,
): Float64Array {
  const rounded = (count: number, magnitudes: Tensor) => magnitudes.data.map((v) => SLACK * count * EPSILON * v);
  const magnitudes = (of: NetworkNode) => compute(of, inputs.map(absolute));
  const ofActivation = rounded(1, absolute(expected));
  const scaleShift = roundingsOf(context.kernels).scaleShift;
  switch (node.op) {
    case 'relu':
      return ofActivation;
    case 'addition': {
      const sums = rounded(node.inputs.length - 1, magnitudes({ ...node, activation: undefined }));
      return sums.map((bound, i) => bound + ofActivation[i]);
    }
    case 'scale-shift': {
      const { scale, shift } = node;
      return rounded(scaleShift, magnitudes({ ...node, scale: scale.map(Math.abs), shift: shift.map(Math.abs) }));
    }
    case 'batch-normalisation': {
      const [gamma, beta, mean] = [node.gamma, node.beta, node.mean].map((values) => values.map(Math.abs));
      // The factor and the summand are rounded before.
      return rounded(scaleShift + 1, magnitudes({ ...node, gamma, beta, mean: mean.map((value) => -value) }));
    }
    case 'resize':
      return rounded(node.mode === 'nearest' ? 0 : 1, magnitudes(node));
    case 'convolution':
    case 'fully-connected':
    case 'average-pooling':
    case 'global-average-pooling':
    case 'local-response-normalisation':
    case 'softmax': {
      const seen = inputs.map((value) => ({
        value,
        error: tensor(
          value.shape,
          value.data.map(() => 0),
        ),
      }));
      return allowedError(node, seen, compiled, context).map((bound, i) => bound + ofActivation[i]);
    }
    default:
      return expected.data.map(() => 0);
  }
}

describe('compiled operations', () => {
  it.each(NODE_OPS)('%s is what its reference says', (op) => {
    let checked = 0;
    const property = fc.property(fc.nat(1 << 30), fc.integer({ min: 1, max: 3 }), (seed, batch) => {
      const picks = randomNumbers(seed, 256);
      let picked = 0;
      const pick: Pick = (below) => Math.min(below - 1, Math.floor(((picks[picked++] + 1) / 2) * below));
      const { node: options, shapes } = DRAWS[op](pick);
      const names = shapes.map((_, i) => `x${i}`);
      const node = parseNode('test', 'it', { ...options, name: 'y', inputs: names });
      const inputs = shapes.map((shape) => {
        const whole = [batch, ...shape];
        return tensor(whole, numbers(pick, sizeOf(whole)));
      });
      const expected = compute(node, inputs);
      const output = [batch, ...outputShape(node, shapes)] as Shape;
      expect(output).toEqual(expected.shape);
      const declared = shapes.map((shape, i) => ({ name: names[i], shape }));
      const graph = graphOf({ name: 'test', inputs: declared, nodes: [node], outputs: ['y'] });
      const types = inferTypes(graph, boundInputs(graph, {}, batch));
      const selection = parseSelection('test', {});
      for (const context of contexts) {
        const compiled = lowerNode(graph, graph.nodes[0], types, selection, context);
        const bounds = boundOf(node, inputs, expected, compiled, context);
        const [result] = runNode(context, compiled, inputs, [sizeOf(output)]);
        result.forEach((value, i) => {
          const isSame = value === expected.data[i];
          if (isSame || Math.abs(value - expected.data[i]) <= bounds[i]) return;
          const what = `${context.kernels.name}, ${compiled.description}, at ${i}`;
          throw new Error(`${what}: ${value}, expected ${expected.data[i]} within ${bounds[i]}`);
        });
        checked++;
      }
    });
    fc.assert(property, { numRuns: 40 * RUNS });
    expect(checked).toBeGreaterThanOrEqual(160);
  });
});
