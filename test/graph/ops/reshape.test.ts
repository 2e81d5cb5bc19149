/** Other shapes of the same elements, and what general operations become in graphs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Node } from '../../../src/graph/graph.ts';
import { inferTypes } from '../../../src/graph/infer.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { simplifyGraph } from '../../../src/graph/passes/simplify.ts';
import { runGraph } from '../../../src/graph/run-graph.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { counting, expectKernels, graphOf, type Lists, made } from './moved-node.ts';

let contexts: Context[];
beforeAll(async () => {
  contexts = await Promise.all((['scalar', 'auto'] as const).map((kernels) => createContext({ kernels })));
});
afterAll(() => {
  for (const context of contexts) context.dispose();
});

const END = 2 ** 63;

describe('reshapes', () => {
  const reshaped = (shape: readonly (number | string)[], list: readonly number[], copiesZeros = true) =>
    inferTypes(graphOf('reshape', shape, [list], { copiesZeros })).get('y')?.shape;

  it.each<[readonly (number | string)[], readonly number[], readonly (number | string)[]]>([
    [
      [2, 3, 4],
      [4, -1],
      [4, 6],
    ],
    [
      [2, 3, 4],
      [0, -1],
      [2, 12],
    ],
    [[2, 3, 4], [-1], [24]],
    [[1, 1], [], []],
    [
      ['N', 8, 4],
      [0, -1],
      ['N', 32],
    ],
    [
      ['N', 8, 4],
      [-1, 32],
      ['N', 32],
    ],
    [
      ['N', 8, 4],
      [0, 4, 0, -1],
      ['N', 4, 4, 2],
    ],
    [
      ['N', 8, 'H'],
      [0, 2, -1],
      ['N', 2, 'y.2'],
    ],
    [
      ['N', 8, 'H'],
      [0, 0, -1],
      ['N', 8, 'H'],
    ],
  ])('of %j by %j are %j', (shape, list, expected) => {
    expect(reshaped(shape, list)).toEqual(expected);
  });

  it.each<[readonly number[], readonly number[]]>([
    [[2, 3], [4]],
    [
      [2, 3],
      [4, -1],
    ],
    [
      [2, 3],
      [-1, -1],
    ],
    [
      [2, 3],
      [6, 1, 0],
    ],
    [
      [2, 3],
      [-2, 3],
    ],
  ])('of %j by %j are refused', (shape, list) => {
    expect(() => reshaped(shape, list)).toThrow(
      /^node 'node' \(reshape\): shape is .*, expected one of as many elements/,
    );
  });

  it('are views, and copies where what they read lives on', () => {
    const graph = parseGraph({
      ...graphOf('reshape', [2, 3, 4], [[4, 3, 2]], { copiesZeros: true }),
      nodes: [
        { name: 'r', op: 'relu', inputs: ['x'], outputs: ['r'], attributes: {} } as unknown as Node,
        {
          name: 'v',
          op: 'reshape',
          inputs: ['r', 'list0'],
          outputs: ['v'],
          attributes: { copiesZeros: true },
        } as unknown as Node,
        { name: 'y', op: 'clamp', inputs: ['v'], outputs: ['y'], attributes: { min: 0, max: 5 } } as unknown as Node,
        { name: 'z', op: 'clamp', inputs: ['r'], outputs: ['z'], attributes: { min: 3, max: 9 } } as unknown as Node,
      ],
      outputs: ['y', 'z', 'v'],
    });
    const x = Float32Array.from({ length: 24 }, (_, i) => i - 4);
    const { y, z, v } = runGraph(graph, { x: { data: x, shape: [2, 3, 4] } });
    expect([y.shape, z.shape, v.shape]).toEqual([
      [4, 3, 2],
      [2, 3, 4],
      [4, 3, 2],
    ]);
    expect([...v.data]).toEqual([...x].map((value) => Math.max(value, 0)));
    expect([...y.data]).toEqual([...x].map((value) => Math.min(Math.max(value, 0), 5)));
    expect([...z.data]).toEqual([...x].map((value) => Math.min(Math.max(value, 3), 9)));
  });

  it.each<[string, readonly (number | string)[], Lists, object, string]>([
    ['reshape', ['N', 8, 4], [[0, -1]], { copiesZeros: true }, 'flatten'],
    ['general-flatten', ['N', 8, 4, 4], [], { axis: 1 }, 'flatten'],
    ['general-concatenation', ['N', 8], [], { axis: -1 }, ''],
    ['general-split', ['N', 8, 'H'], [], { axis: -2 }, 'split'],
    ['general-pad', ['N', 8, 4, 4], [[0, 0, 1, 0, 0, 0, 2, 3]], { mode: 'reflect' }, 'pad'],
    ['general-pad', ['N', 8, 'H', 'W'], [[1, 2, 3, 4], null, [2, 3]], { mode: 'edge' }, 'pad'],
    ['axis-reversal', ['N', 8], [], {}, 'transpose'],
    ['slice', ['N', 8], [[0], [END], [0]], {}, ''],
    ['expand', ['N', 8], [[1, 8]], {}, ''],
    ['tile', ['N', 8], [[1, 1]], {}, ''],
  ])('%s of %j by %j with %j becomes %s', (op, shape, lists, attributes, expected) => {
    const outputs = op === 'general-split' ? ['y', 'z'] : ['y'];
    const graph = graphOf(op, shape, lists, attributes, outputs);
    const end = {
      name: 'end',
      op: 'shape',
      inputs: ['y'],
      outputs: ['end'],
      attributes: {},
    } as unknown as Node;
    const whole = parseGraph({ ...graph, nodes: [...graph.nodes, end], outputs: ['end', ...outputs.slice(1)] });
    expect(simplifyGraph(whole).nodes.map((node) => node.op)).toEqual(
      [expected, 'shape'].filter((name) => name !== ''),
    );
  });

  it.each<[string, readonly number[], Lists, object, readonly number[]]>([
    ['general-flatten', [2, 3, 4], [], { axis: 0 }, [1, 24]],
    ['general-flatten', [2, 3, 4], [], { axis: 3 }, [24, 1]],
    ['general-flatten', [2, 3, 4], [], { axis: -1 }, [6, 4]],
    ['squeeze', [1, 3, 1, 2], [], {}, [3, 2]],
    ['squeeze', [1, 3, 1, 2], [[-2]], {}, [1, 3, 2]],
    ['unsqueeze', [3, 2], [[-1, 0]], {}, [1, 3, 2, 1]],
    ['unsqueeze', [3, 2], [[2, 1]], {}, [3, 1, 1, 2]],
  ])('%s of %j by %j with %j is %j', (op, shape, lists, attributes, expected) => {
    expect(made(op, shape, lists, attributes)).toEqual({ shape: expected, data: [...counting(expected).data] });
    expectKernels(contexts, op, shape, lists, attributes, 1);
  });

  it('refuse axes to squeeze that have several elements', () => {
    expect(() => graphOf('squeeze', [1, 3], [[1]], {})).toThrow(/axis 1 of \[1, 3\] has 3 elements, expected one$/);
  });
});
