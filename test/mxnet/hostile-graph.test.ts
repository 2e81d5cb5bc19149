/** Good models in which anything was changed, up to the graph: one is made, or an NnpackError says what is wrong. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { parseFiles } from '../../src/mxnet/files.ts';
import { graphOfMxnet, type InputShapes } from '../../src/mxnet/graph-of-mxnet.ts';
import { inputsOf } from '../../src/mxnet/inputs-of.ts';
import { CONVERTERS } from '../../src/mxnet/operators/table.ts';
import { failure } from '../support/failure.ts';
import { expectReadOrRefused } from '../support/mutations.ts';
import { expectRunOrRefused } from '../support/run-on-ones.ts';
import { graphOf, type Array as Numbers, one, type Written, written } from './models.ts';
import { chainOf } from './symbols.ts';
import { paramsBytes } from './writer.ts';

const ones = (...shape: number[]): Numbers => [shape, new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1)];
const VECTORS = { g: ones(2), b: ones(2), m: ones(2), v: ones(2) };

/** One of each kind of operator, each of which reads a picture of two channels. */
const NODES: readonly (readonly [Omit<Written, 'name' | 'inputs'>, Readonly<Record<string, Numbers>>])[] = [
  [
    { op: 'Convolution', attrs: { kernel: '(3, 2)', num_filter: '2', pad: '(1, 1)', dilate: '(1, 2)' } },
    { w: ones(2, 2, 3, 2), b: ones(2) },
  ],
  [
    { op: 'Deconvolution', attrs: { kernel: '(3, 3)', num_filter: '2', stride: '(2, 2)', adj: '(1, 1)' } },
    { w: ones(2, 2, 3, 3) },
  ],
  [
    {
      op: 'Pooling',
      attrs: { kernel: '(2, 2)', stride: '(2, 2)', pooling_convention: 'full', pool_type: 'avg', p_value: '2' },
    },
    {},
  ],
  [{ op: 'Pooling_v1', attrs: { kernel: '(2, 2)', pad: '(1, 1)' } }, {}],
  [{ op: 'BatchNorm', attrs: { axis: '1', eps: '0.1', output_mean_var: 'True' } }, VECTORS],
  [
    { op: 'LayerNorm', attrs: { axis: '1' } },
    { g: VECTORS.g, b: VECTORS.b },
  ],
  [
    { op: 'FullyConnected', attrs: { num_hidden: '2', flatten: 'False' } },
    { w: ones(2, 4), b: ones(2) },
  ],
  [{ op: 'LRN', attrs: { nsize: '3' } }, {}],
  [{ op: 'LeakyReLU', attrs: { act_type: 'prelu', slope: '0.1' } }, { g: ones(2) }],
  [{ op: 'Reshape', attrs: { shape: '(0, -4, 1, -1, -2)', reverse: 'False' } }, {}],
  [{ op: 'slice', attrs: { begin: '(0, None)', end: '(None, 1)', step: '(1, -1)' } }, {}],
  [{ op: 'SliceChannel', attrs: { num_outputs: '2', axis: '1', squeeze_axis: '1' } }, {}],
  [{ op: 'UpSampling', attrs: { scale: '2', sample_type: 'nearest', num_args: '1' } }, {}],
  [{ op: '_contrib_BilinearResize2D', attrs: { height: '3', width: '5' } }, {}],
  [{ op: 'Pad', attrs: { mode: 'reflect', pad_width: '(0,0,0,0,1,1,1,1)' } }, {}],
  [{ op: 'Crop', attrs: { num_args: '1', h_w: '(2, 2)', offset: '(1, 1)' } }, {}],
  [{ op: 'softmax', attrs: { axis: '1', temperature: '2', use_length: 'False' } }, {}],
  [{ op: 'mean', attrs: { axis: '(1, 2)', exclude: 'False', keepdims: 'True' } }, {}],
  [{ op: 'tile', attrs: { reps: '(2, 1)' } }, {}],
  [{ op: 'repeat', attrs: { repeats: '2', axis: '1' } }, {}],
  [{ op: '_rmod_scalar', attrs: { scalar: '2' } }, {}],
  [{ op: 'Embedding', attrs: { input_dim: '2', output_dim: '3' } }, { w: ones(2, 3) }],
];

const VALUES = [
  '0',
  '1',
  '-1',
  '3',
  '65537',
  '2147483647',
  '-2147483648',
  'None',
  'True',
  '()',
  '(0,)',
  '(1,)',
  '(2, 2)',
  '(0, 0, 0, 0)',
];
const ODD = [
  '(-1,)',
  '(2147483647, 2147483647)',
  '(1, 2, 3)',
  '(-4, 2, -1)',
  '(-3, -3)',
  'nan',
  'inf',
  '1e30',
  '1e-40',
  'lp',
  'sum',
  'NHWC',
  '',
  '__proto__',
];
const OPS = [...CONVERTERS.keys()];
const attributes = [...new Set(NODES.flatMap(([{ attrs = {} }]) => Object.keys(attrs)))];

/** What is done to a model of one node. */
const change = fc.record({
  node: fc.nat({ max: NODES.length - 1 }),
  op: fc.option(fc.constantFrom(...OPS), { freq: 1 }),
  attrs: fc.array(fc.tuple(fc.constantFrom(...attributes), fc.constantFrom(...VALUES, ...ODD), fc.boolean()), {
    maxLength: 2,
  }),
  array: fc.option(fc.tuple(fc.nat(3), fc.array(fc.nat({ max: 4 }), { maxLength: 4 })), { freq: 1 }),
  outputs: fc.constantFrom<number>(1, 1, 1, 1, 2, 3),
  fewer: fc.integer({ min: 0, max: 12 }),
  shape: fc.array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(1, 2, 4) }, fc.constantFrom('N', 'H', 2 ** 20)), {
    maxLength: 5,
  }),
  usual: fc.constantFrom(true, true, true, false),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed({ node, op, attrs, array, outputs, fewer, shape, usual }: Change): Graph {
  const [{ op: own, attrs: given = {} }, arrays] = NODES[node];
  // Attributes of the operator's own, mostly: others are refused before anything is looked at.
  const known = Object.keys(given);
  const set = attrs.map(([name, value, isOwn], i) => [isOwn ? name : known[(node + i) % known.length], value]);
  const list = Object.entries(arrays).map(([name, numbers], i): [string, Numbers] => {
    return array !== null && i === array[0] ? [name, ones(...array[1])] : [name, numbers];
  });
  const kept = list.slice(0, Math.max(list.length - Math.max(fewer - 10, 0), 0));
  const files = one(op ?? own, { ...given, ...Object.fromEntries(set) }, ['data'], Object.fromEntries(kept), outputs);
  const shapes: InputShapes = { data: usual ? [1, 2, 4, 4] : shape };
  return simplifyGraph(graphOfMxnet(parseFiles(files), shapes).graph);
}

describe('changed models', () => {
  it('are refused, or make a graph whose run ends or is refused', async () => {
    const refusals = { codes: ERROR_CODES, part: /^(?:model|node '|input '|array ')/ };
    await expectReadOrRefused('MXNet, graphs', change, refusals, (given) => expectRunOrRefused(changed(given)));
  });

  it('as they were make graphs', () => {
    for (const [node] of NODES.entries()) {
      const same = { node, op: null, attrs: [], array: null, outputs: 1, fewer: 0, shape: [], usual: true };
      expect(() => changed(same), NODES[node][0].op).not.toThrow();
    }
  });
});

describe('a model that claims much', () => {
  const refusal = (op: string, attrs: Record<string, string>, data: readonly number[] = [1, 2, 4, 4]) =>
    failure(() => graphOfMxnet(parseFiles(one(op, attrs)), { data })).code;

  it('is refused before anything is made of it', () => {
    expect(refusal('SliceChannel', { num_outputs: '2147483647' })).toBe('invalid-input-size');
    expect(refusal('_split_v2', { sections: '2147483647' })).toBe('invalid-input-size');
    expect(refusal('_contrib_BilinearResize2D', { height: '2147483647', width: '1' })).toBe('invalid-input-size');
    expect(refusal('_contrib_BilinearResize2D', { scale_height: '1e30', scale_width: '1' })).toBe('invalid-input-size');
    expect(refusal('Pooling', { kernel: '(2147483647, 1)', pad: '(1, 1)' })).toBe('invalid-pooling-size');
  });

  it('in the stride of a transposed convolution is one pixel of many zeros', () => {
    const attrs = { kernel: '(1, 1)', num_filter: '1', stride: '(1048576, 1048576)', no_bias: 'True' };
    const graph = graphOf(one('Deconvolution', attrs, ['data'], { w: ones(1, 1, 1, 1) }), { data: [1, 1, 1, 1] });
    expect([...runGraph(graph, { data: { data: Float32Array.of(3), shape: [1, 1, 1, 1] } }).o_output.data]).toEqual([
      3,
    ]);
  });

  it('in nodes alone is read', () => {
    const symbol = JSON.stringify(chainOf(20_000));
    const { graph } = graphOfMxnet(parseFiles({ symbol, params: paramsBytes([]) }), { data: [2] });
    expect(graph.nodes).toHaveLength(19_999);
  });

  it('in inputs is read', () => {
    const count = 20_000;
    const places = Array.from({ length: count }, (_, i) => i);
    const nodes = [
      ...places.map((i) => ({ op: 'null', name: `x${i}`, inputs: [] as number[][] })),
      ...places.map((i) => ({ op: 'relu', name: `r${i}`, inputs: [[i, 0, 0]] })),
      { op: 'add_n', name: 'all', inputs: places.map((i) => [count + i, 0, 0]) },
    ];
    const symbol = JSON.stringify({ nodes, arg_nodes: places, heads: [[2 * count, 0, 0]] });
    expect(inputsOf(parseFiles({ symbol, params: paramsBytes([]) })).size).toBe(count);
  });

  it('in names that are alike is read', () => {
    const nodes = Array.from({ length: 3000 }, (_, i): Written => {
      return { op: '_mul_scalar', name: `n${i}`, attrs: { scalar: '2' }, inputs: [i === 0 ? 'data' : `n${i - 1}`] };
    });
    const { graph } = graphOfMxnet(parseFiles(written(nodes)), { data: [2] });
    expect(graph.parameters.size).toBe(3000);
  });
});
