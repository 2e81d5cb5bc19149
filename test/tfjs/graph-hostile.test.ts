/** Graph models that are made to cost much, to run in circles, or in which anything was changed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { type ModelGraph, readGraphModel } from '../../src/tfjs/index.ts';
import { rejection } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import {
  type Constant,
  flag,
  float,
  floats,
  type GraphFile,
  graphFile,
  int,
  ints,
  list,
  type NodeDef,
  placeholder,
  read,
  table,
  text,
  texts,
  whole,
} from './graph-def.ts';

const relu = (name: string, ...input: string[]): NodeDef => ({ name, op: 'Relu', input });
const x = placeholder('x', [-1, 2]);

describe('names of nodes', () => {
  it('are there once', async () => {
    const error = await rejection(read(graphFile([x, relu('y', 'x'), relu('y', 'x')], {}, { y: 'y' })));
    expect([error.code, error.message]).toEqual(['invalid-model', "node 'y' (Relu): a second node of this name"]);
  });

  it.each(['z', 'constructor', '__proto__', ''])('that are read are those of nodes: %j', async (name) => {
    const error = await rejection(read(graphFile([x, relu('y', name)], {}, { y: 'y' })));
    expect([error.code, error.message]).toEqual([
      'invalid-model',
      `node 'y' (Relu): reads '${name}', which is no node`,
    ]);
  });

  it('may be those of the prototype', async () => {
    const { graph } = await read(
      graphFile([x, relu('constructor', 'x'), relu('y', 'constructor')], {}, { toString: 'y' }),
    );
    expect(graph.outputs).toEqual(['toString']);
    expect(graph.nodes).toHaveLength(2);
  });

  it('of inputs are placeholders, of outputs nodes', async () => {
    const { json, shards } = graphFile([x, relu('y', 'x')], {}, { y: 'y' });
    for (const signature of [
      { inputs: { x: { name: 'y:0' } }, outputs: { y: { name: 'y' } } },
      { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'z' } } },
      { inputs: { a: { name: 'x:0' }, b: { name: 'x:0' } }, outputs: { y: { name: 'y' } } },
      { inputs: { '': { name: 'x:0' } }, outputs: { y: { name: 'y' } } },
    ]) {
      expect((await rejection(read({ json: { ...json, signature }, shards }))).code).toBe('invalid-model');
    }
  });
});

describe('what costs much', () => {
  it.each([
    ['many parts', [{ name: 'y', op: 'Unpack', input: ['x'], attr: { num: int(1e9), axis: int(0) } }], {}],
    [
      'a shape of many axes',
      [
        { name: 'l', op: 'Shape', input: ['x'] },
        placeholder('b', [1e9], 'DT_INT32'),
        { name: 'y', op: 'Reshape', input: ['x', 'b'] },
      ],
      {},
    ],
    ['blocks of no size', [{ name: 'y', op: 'SpaceToDepth', input: ['x'], attr: { block_size: int(0) } }], {}],
    ['steps of 0', [{ name: 'y', op: 'StridedSlice', input: ['x', 'o', 'o', 'z'] }], { o: list(1), z: list(0) }],
    ['a radius below 0', [{ name: 'y', op: 'LRN', input: ['x'], attr: { depth_radius: int(-1) } }], {}],
  ] as [string, NodeDef[], Record<string, Constant>][])('%s is refused', async (_, nodes, constants) => {
    const error = await rejection(read(graphFile([x, ...nodes], constants, { y: 'y' })));
    expect(error.code).toMatch(/^(invalid|unsupported)-/);
  });

  it('is not made while a model is read', async () => {
    const nodes = [
      x,
      { name: 'range', op: 'Range', input: ['zero', 'much', 'one'] },
      { name: 'full', op: 'Fill', input: ['sizes', 'k'] },
      { name: 'wide', op: 'Pad', input: ['x', 'sides'] },
      { name: 'many', op: 'Tile', input: ['x', 'times'] },
    ];
    const constants = {
      ...{ zero: whole(0), much: whole(1e9), one: whole(1), k: floats([], 1), sizes: list(30000, 30000) },
      ...{ sides: table([0, 0], [1e9, 1e9]), times: list(1e9, 1) },
    };
    const { graph } = await read(graphFile(nodes, constants, { a: 'range', b: 'full', c: 'wide', d: 'many' }));
    expect(graph.outputs).toHaveLength(4);
  });
});

/** A model that has most forms of attributes, and lists that are computed. */
function sample(): GraphFile {
  const attr = { strides: ints(1, 1, 1, 1), padding: text('SAME'), data_format: text('NHWC') };
  const nodes: NodeDef[] = [
    placeholder('image', [-1, 4, 4, 2]),
    {
      name: 'conv',
      op: '_FusedConv2D',
      input: ['image', 'kernel', 'bias'],
      attr: { ...attr, fused_ops: texts('BiasAdd', 'LeakyRelu'), leakyrelu_alpha: float(0.5) },
    },
    {
      name: 'pool',
      op: 'MaxPool',
      input: ['conv'],
      attr: { ...attr, ksize: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1) },
    },
    { name: 'apart', op: 'SpaceToBatchND', input: ['pool', 'block', 'sides'] },
    { name: 'dilated', op: 'Conv2D', input: ['apart', 'kernel'], attr: { ...attr, padding: text('VALID') } },
    { name: 'joined', op: 'BatchToSpaceND', input: ['dilated', 'block', 'crops'] },
    { name: 'up', op: 'ResizeBilinear', input: ['joined', 'two'], attr: { half_pixel_centers: flag(true) } },
    { name: 'shape', op: 'Shape', input: ['up'], attr: { out_type: { type: 'DT_INT32' } } },
    { name: 'batch', op: 'StridedSlice', input: ['shape', 'zero', 'one', 'one'], attr: { shrink_axis_mask: int(1) } },
    { name: 'sizes', op: 'Pack', input: ['batch', 'eight'], attr: { axis: int(0), N: int(2) } },
    { name: 'flat', op: 'Reshape', input: ['up', 'sizes'] },
    { name: 'parts', op: 'Split', input: ['axis', 'flat'], attr: { num_split: int(2) } },
    { name: 'sum', op: 'Einsum', input: ['parts', 'parts:1'], attr: { equation: text('bi,bi->b') } },
    { name: 'all', op: 'Mean', input: ['flat', 'one'], attr: { keep_dims: flag(false) } },
    { name: 'both', op: 'AddV2', input: ['sum:0', 'all', '^pool'] },
  ];
  const constants = {
    kernel: floats([1, 1, 2, 2], 1, 2, 3, 4),
    bias: floats([2], 1, -1),
    ...{ block: list(2, 2), sides: table([0, 0], [0, 0]), crops: table([0, 0], [0, 0]), two: list(2, 2) },
    ...{ zero: list(0), one: list(1), eight: whole(8), axis: whole(1) },
  };
  return graphFile(nodes, constants, { score: 'both:0', flat: 'flat' });
}

const VALUES: readonly unknown[] = [
  ...[null, 0, -1, 1, 2, 7, 1e9, -(2 ** 31), 2 ** 53, 1.5, Number.NaN, true, false],
  ...['', 'x', 'image', 'conv:1', 'parts:9', '^conv', '__proto__', 'constructor', '-1', '3', '99999999999999999999'],
  ...['U0FNRQ==', 'VkFMSUQ=', 'DT_INT32', 'DT_FLOAT', 'DT_STRING', 'DT_BOOL', 'Relu', 'Conv2D', 'Switch', 'Tile'],
  ...[[], {}, [1], [1, 2, 3, 4], { i: '0' }, { i: '3' }, { list: {} }, { list: { i: ['0', '0', '0', '0'] } }],
  ...[{ s: 'QQ==' }, { type: 'DT_BOOL' }, { b: true }, { f: 'NaN' }, { unknownRank: true }],
];

/** Every place of some JSON: the object or array, and the key. */
function placesOf(json: object): (readonly [Record<string, unknown>, string])[] {
  const places: (readonly [Record<string, unknown>, string])[] = [];
  const open: object[] = [json];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    for (const [key, inner] of Object.entries(item)) {
      places.push([item as Record<string, unknown>, key]);
      if (typeof inner === 'object' && inner !== null) open.push(inner);
    }
  }
  return places;
}

it('a model in which anything was changed, removed or copied is a good one or an NnpackError', async () => {
  const { json, shards } = sample();
  expect((await read({ json, shards })).graph.outputs).toEqual(['score', 'flat']);
  const change = fc.record({
    at: fc.nat(),
    to: fc.oneof(
      fc.constantFrom('remove', 'copy'),
      fc.constantFrom(...VALUES).map((value) => ({ value })),
    ),
    from: fc.nat(),
  });
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
    const changed = structuredClone(json);
    for (const { at, to, from } of changes) {
      const places = placesOf(changed);
      if (places.length === 0) break;
      const [holder, key] = places[at % places.length];
      const [other, otherKey] = places[from % places.length];
      if (to === 'remove') delete holder[key];
      else holder[key] = structuredClone(to === 'copy' ? other[otherKey] : to.value);
    }
    await readOrFail(changed, shards);
  });
  await fc.assert(property, { numRuns: runs(2000) });
});

async function readOrFail(json: unknown, shards: GraphFile['shards']): Promise<ModelGraph | null> {
  try {
    return await readGraphModel(json, (path) => shards[path] ?? new Uint8Array(0));
  } catch (error) {
    if (error instanceof NnpackError) return null;
    throw error;
  }
}
