/** Slices of graphs with several outputs a node and shared parameters against the whole picture, and what has none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { OpName } from '../../src/graph/ops/table.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import {
  canSlice,
  openSizes,
  planSlices,
  type Region,
  receptiveField,
  type SlicePlan,
} from '../../src/graph/slices.ts';
import type { DoubleTensor, Parameter } from '../../src/graph/values.ts';
import { runs } from '../support/runs.ts';
import { drawnGraph, randomNumbers } from './arbitrary.ts';

const LOCAL: OpName[] = [
  'split',
  'split',
  'concatenation',
  'concatenation',
  'concatenation',
  'addition',
  'convolution',
  'convolution',
  'max-pooling',
  'average-pooling',
  'relu',
  'softmax',
  'batch-normalisation',
  'scale-shift',
  'resize',
  'pad',
  'identity',
];

function crop({ shape, data }: DoubleTensor, { top, left, height, width }: Region): DoubleTensor {
  const [, channels, fullHeight, fullWidth] = shape;
  const part = new Float64Array(channels * height * width).map((_, i) => {
    const [c, row, column] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    return data[(c * fullHeight + top + row) * fullWidth + left + column];
  });
  return { shape: [1, channels, height, width], data: part };
}

/** What the slices give, put together; NaN where none does. */
function runSliced(graph: Graph, x: DoubleTensor, plan: SlicePlan, shape: readonly number[]): Float64Array {
  const [, channels, height, width] = shape;
  const y = new Float64Array(channels * height * width).fill(Number.NaN);
  const open = openSizes(graph);
  for (const { input, output, from } of plan.slices) {
    const part = evaluateGraph(open, { x: crop(x, input) }).get(graph.outputs[0]) as DoubleTensor;
    expect(part.shape).toEqual(plan.outputShape);
    crop(part, { ...from, height: output.height, width: output.width }).data.forEach((value, i) => {
      const plane = output.height * output.width;
      const row = output.top + (Math.floor(i / output.width) % output.height);
      const place = (Math.floor(i / plane) * height + row) * width + output.left + (i % output.width);
      if (!Number.isNaN(y[place])) expect.fail(`two slices give output ${place}`);
      y[place] = value;
    });
  }
  return y;
}

describe('slices of graphs', () => {
  it('give exactly what the whole picture gives', () => {
    let sliced = 0;
    const draws = drawnGraph({ ops: LOCAL, size: 16, nodes: 7, sliceable: true });
    const property = fc.property(
      draws,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ graph: drawn, inputs }, share) => {
        const graph = simplifyGraph(drawn);
        fc.pre(canSlice(graph) === true);
        const { shape } = inputs.x;
        const whole = evaluateGraph(graph, inputs).get(graph.outputs[0]) as DoubleTensor;
        const bytesOf = (height: number, width: number) => 4 * height * width;
        const { halo } = receptiveField(graph);
        const smallest = [halo.top + halo.bottom + 1, halo.left + halo.right + 1];
        const least = bytesOf(Math.min(shape[2], smallest[0]), Math.min(shape[3], smallest[1]));
        const bytes = least + Math.floor(share ** 3 * (bytesOf(shape[2], shape[3]) - least));
        const plan = planSlices(graph, shape, bytes, bytesOf);
        fc.pre(plan.slices.length <= 40);
        if (plan.slices.length > 1) sliced++;
        const got = runSliced(graph, inputs.x, plan, whole.shape);
        whole.data.forEach((value, i) => {
          if (value !== got[i]) expect.fail(`output ${i} is ${got[i]} in a slice, ${value} in the whole`);
        });
      },
    );
    fc.assert(property, { numRuns: runs(80) });
    expect(sliced).toBeGreaterThan(runs(15));
  });
});

const constant = (shape: readonly number[]): Parameter => {
  const count = shape.reduce((a, b) => a * b, 1);
  return { type: { dtype: 'float32', shape }, data: randomNumbers(1, count), role: 'constant' };
};
const node = (name: string, op: OpName, inputs: readonly string[], attributes: object = {}, outputs = [name]): Node => {
  return { name, op, inputs, outputs, attributes } as Node;
};

function graphOf(nodes: readonly Node[], own: Partial<Graph> = {}): Graph {
  return parseGraph({
    name: 'g',
    inputs: new Map([['x', { dtype: 'float32', shape: [1, 2, 'H', 'W'] }]]),
    parameters: new Map([
      ['p', constant([1, 2, 4, 4])],
      ['w', constant([2, 2, 3, 3])],
    ]),
    nodes,
    outputs: ['y'],
    ...own,
  });
}

describe('canSlice', () => {
  const rank2: Partial<Graph> = { inputs: new Map([['x', { dtype: 'float32', shape: ['N', 2] }]]) };
  it.each<[string, Graph, string]>([
    [
      'a constant as a picture',
      graphOf([node('y', 'addition', ['x', 'p'])]),
      "node 'y' (addition): it reads constants as a picture",
    ],
    [
      'a constant in front',
      graphOf([node('y', 'concatenation', ['p', 'x'])]),
      "node 'y' (concatenation): it reads constants as a picture",
    ],
    [
      'a constant alone',
      graphOf([node('c', 'relu', ['p']), node('y', 'addition', ['x', 'c'])]),
      "node 'c' (relu): it reads constants as a picture",
    ],
    ['an output that is a parameter', graphOf([], { outputs: ['p'] }), 'its output is constant'],
    [
      'another layout',
      graphOf([node('y', 'transpose', ['x'], { permutation: [0, 2, 3, 1] })]),
      "node 'y' (transpose): slices need the rows and columns where they are",
    ],
    [
      'two outputs',
      graphOf([node('y', 'split', ['x'], { sizes: [1, 1] }, ['y', 'z'])], { outputs: ['y', 'z'] }),
      'slices need one input and one output, got 1 and 2',
    ],
    ['a vector', graphOf([node('y', 'relu', ['x'])], rank2), 'slices need an input [N, C, H, W], got [N, 2]'],
  ])('refuses %s, with the reason, and so does whoever plans', (_, graph, reason) => {
    expect(canSlice(graph)).toBe(reason);
    for (const work of [() => receptiveField(graph), () => planSlices(graph, [1, 2, 8, 8], 1e6)]) {
      expect(work).toThrow(new NnpackError('unsupported-layer', `graph 'g': ${reason}`));
    }
  });

  it('walks past an output of a split that nobody reads, and an input that is the output', () => {
    const cut = node('cut', 'split', ['x'], { sizes: [1, 1] }, ['a', 'b']);
    const far = node('far', 'max-pooling', ['b'], { poolingSize: 5, stride: 1, convention: 'same' });
    const near = node('y', 'max-pooling', ['a'], { poolingSize: 3, stride: 1, convention: 'same' });
    const field = (graph: Graph) => receptiveField(graph).halo;
    expect(field(graphOf([cut, near]))).toEqual({ top: 1, right: 1, bottom: 1, left: 1 });
    expect(field(graphOf([cut, far, near]))).toEqual({ top: 1, right: 1, bottom: 1, left: 1 });
    const both = node('z', 'concatenation', ['y', 'far']);
    expect(field(graphOf([cut, far, near, both], { outputs: ['z'] }))).toEqual({
      top: 2,
      right: 2,
      bottom: 2,
      left: 2,
    });
    expect(field(graphOf([], { outputs: ['x'] }))).toEqual({ top: 0, right: 0, bottom: 0, left: 0 });
  });
});
