/** Graph models that are made to cost much, or whose names mean nothing. */
import { describe, expect, it } from 'vitest';
import { rejection } from '../support/failure.ts';
import {
  type Constant,
  floats,
  graphFile,
  int,
  list,
  type NodeDef,
  placeholder,
  read,
  table,
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
