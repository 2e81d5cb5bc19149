/** Graphs that make no sense: each ends in one error that says who, what, what was expected and what was got. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { evaluateGraph, type Graph, graphTypes, parseGraph, planGraph, simplifyGraph } from '../../src/graph/index.ts';
import { OPS } from '../../src/graph/ops/table.ts';
import { DTYPES } from '../../src/graph/values.ts';
import { NnpackError } from '../../src/index.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { ofAnotherRealm, VALUE_NAMES, VALUES } from '../support/values.ts';
import { randomNumbers } from './arbitrary.ts';

/** What may be anything. */
type Loose = Record<string, unknown>;

const parameter = (shape: readonly number[], seed: number) => ({
  type: { dtype: 'float32', shape },
  data: randomNumbers(
    seed,
    shape.reduce((a, b) => a * b, 1),
  ),
  role: 'weight',
});

const node = (
  name: string,
  op: string,
  inputs: unknown,
  attributes: unknown = {},
  outputs: unknown = [name],
): Loose => {
  return { name, op, inputs, outputs, attributes };
};

/** A good graph, made anew each time, with fields of its own instead. */
function graphWith(own: Loose = {}): Graph {
  const graph = {
    name: 'g',
    inputs: new Map<unknown, unknown>([['x', { dtype: 'float32', shape: ['N', 2, 'H', 'W'] }]]),
    parameters: new Map<unknown, unknown>([
      ['w', parameter([4, 2, 3, 3], 1)],
      ['b', parameter([4], 2)],
    ]),
    nodes: [node('conv', 'convolution', ['x', 'w', 'b'], { padding: 1 }), node('relu', 'relu', ['conv'])],
    outputs: ['relu'],
    ...own,
  };
  return graph as unknown as Graph;
}

const withNodes = (...nodes: unknown[]) => graphWith({ nodes, outputs: ['y'] });
const withInput = (type: unknown) => graphWith({ inputs: new Map([['x', type]]) });
const withParameter = (own: Loose) => {
  const good = parameter([4], 2);
  return graphWith({
    parameters: new Map<string, unknown>([
      ['w', parameter([4, 2, 3, 3], 1)],
      ['b', { ...good, ...own }],
    ]),
  });
};

class ThrowingMap extends Map<string, unknown> {
  override [Symbol.iterator](): never {
    throw new Error('no entries');
  }
}

class JunkMap extends Map<string, unknown> {
  override *[Symbol.iterator](): MapIterator<[string, unknown]> {
    yield undefined as unknown as [string, unknown];
  }
}

const trapped = <T extends object>(target: T): T => {
  const get = () => () => {
    throw new Error('a trap');
  };
  return new Proxy(target, new Proxy({}, { get }) as ProxyHandler<T>);
};

const CASES: readonly (readonly [string, () => unknown, ErrorCode, string | RegExp])[] = [
  ['a graph that is none', () => 7, 'invalid-network', 'graph: it is 7, expected an object'],
  ['null', () => null, 'invalid-network', 'graph: it is null, expected an object'],
  ['a list', () => [], 'invalid-network', /^graph: it is .*, expected an object$/],
  ['a proxy that throws', () => trapped(graphWith()), 'invalid-network', 'graph: it cannot be read: a trap'],
  [
    'an unknown field',
    () => graphWith({ node: [] }),
    'invalid-network',
    /^graph: it has an unknown field 'node'.*nodes/,
  ],
  ['a name that is none', () => graphWith({ name: 3 }), 'invalid-network', 'graph: its name is 3, expected a string'],
  [
    'inputs that are an object',
    () => graphWith({ inputs: {} }),
    'invalid-network',
    /^graph 'g': inputs are .*, expected a Map by name$/,
  ],
  [
    'no inputs at all',
    () => graphWith({ inputs: undefined }),
    'invalid-network',
    "graph 'g': inputs are undefined, expected a Map by name",
  ],
  [
    'inputs that throw',
    () => graphWith({ inputs: new ThrowingMap() }),
    'invalid-network',
    "graph 'g': inputs cannot be read: no entries",
  ],
  [
    'parameters that throw',
    () => graphWith({ parameters: new ThrowingMap() }),
    'invalid-network',
    "graph 'g': parameters cannot be read: no entries",
  ],
  [
    'entries that are none',
    () => graphWith({ inputs: new JunkMap() }),
    'invalid-network',
    /^graph 'g': inputs cannot be read: /,
  ],
  [
    'a trapped map',
    () => graphWith({ inputs: trapped(new Map()) }),
    'invalid-network',
    /^graph 'g': inputs are .*, expected a Map by name$/,
  ],
  [
    'nodes that are none',
    () => graphWith({ nodes: 'relu' }),
    'invalid-network',
    "graph 'g': nodes is 'relu', expected an array",
  ],
  ['nodes that throw', () => graphWith({ nodes: trapped([]) }), 'invalid-network', /^graph 'g': nodes /],
  [
    'outputs that are a name',
    () => graphWith({ outputs: 'relu' }),
    'invalid-network',
    "graph 'g': outputs is 'relu', expected an array",
  ],
  ['no outputs', () => graphWith({ outputs: [] }), 'invalid-network', "graph 'g': expected at least one output"],
  [
    'an output that is a number',
    () => graphWith({ outputs: [0] }),
    'invalid-network',
    "graph 'g': outputs[0] is 0, expected a string",
  ],
  [
    'an output that nothing makes',
    () => graphWith({ outputs: ['z'] }),
    'invalid-network',
    "graph 'g': nothing computes the output 'z'",
  ],

  [
    'a name of an input that is a number',
    () => graphWith({ inputs: new Map([[1, { dtype: 'float32', shape: [1] }]]) }),
    'invalid-network',
    "graph 'g': a name of inputs is 1, expected a string",
  ],
  [
    'an empty name',
    () => graphWith({ inputs: new Map([['', { dtype: 'float32', shape: [1] }]]) }),
    'invalid-network',
    "graph 'g': a value has no name",
  ],
  [
    'an input named __proto__',
    () => graphWith({ inputs: new Map([['__proto__', { dtype: 'float32', shape: [1] }]]) }),
    'invalid-network',
    "graph 'g': a value is named '__proto__', expected another name",
  ],
  [
    'an output of a node named __proto__',
    () => withNodes(node('y', 'relu', ['x'], {}, ['__proto__'])),
    'invalid-network',
    "node 'y' (relu): a value is named '__proto__', expected another name",
  ],
  [
    'a type that is none',
    () => withInput('float32'),
    'invalid-network',
    "graph 'g': input 'x': its type is 'float32', expected an object",
  ],
  [
    'an unknown dtype',
    () => withInput({ dtype: 'float', shape: [1] }),
    'invalid-tensor-type',
    /^graph 'g': input 'x': dtype is 'float', expected one of float32, float64/,
  ],
  [
    'a dtype of every object',
    () => withInput({ dtype: 'toString', shape: [1] }),
    'invalid-tensor-type',
    /^graph 'g': input 'x': dtype is 'toString', expected one of /,
  ],
  [
    'a shape that is a number',
    () => withInput({ dtype: 'float32', shape: 4 }),
    'invalid-network',
    "graph 'g': input 'x': shape is 4, expected an array",
  ],
  [
    'a shape that throws',
    () => withInput({ dtype: 'float32', shape: trapped([1]) }),
    'invalid-network',
    /^graph 'g': input 'x': shape /,
  ],
  ...(
    [
      ['', "''"],
      [0, '0'],
      [-1, '-1'],
      [1.5, '1.5'],
      [Number.NaN, 'NaN'],
      [null, 'null'],
      [2n, '2n'],
      [2 ** 53, '9007199254740992'],
    ] as const
  ).map(
    ([size, text]) =>
      [
        `a size ${text}`,
        () => withInput({ dtype: 'float32', shape: [size] }),
        'invalid-input-size',
        new RegExp(`^graph 'g': input 'x': a size .*${text.replace('.', '\\.')}`),
      ] as const,
  ),

  [
    'a parameter that is a list',
    () => graphWith({ parameters: new Map([['w', [1]]]) }),
    'invalid-network',
    /^graph 'g': parameter 'w': it is .*, expected an object$/,
  ],
  [
    'a parameter of an open size',
    () => withParameter({ type: { dtype: 'float32', shape: ['N'] } }),
    'invalid-tensor',
    "graph 'g': parameter 'b': a size is 'N', expected a number",
  ],
  [
    'a parameter of no type',
    () => withParameter({ type: undefined }),
    'invalid-network',
    "graph 'g': parameter 'b': its type is undefined, expected an object",
  ],
  [
    'a role that is none',
    () => withParameter({ role: 'bias' }),
    'invalid-network',
    /^graph 'g': parameter 'b': role is 'bias', expected one of weight, statistic, constant/,
  ],
  [
    'too few numbers',
    () => withParameter({ data: new Float32Array(3) }),
    'invalid-tensor',
    "graph 'g': parameter 'b': has 3 numbers, expected 4 (its shape is [4])",
  ],
  [
    'numbers in a list',
    () => withParameter({ data: [1, 2, 3, 4] }),
    'invalid-tensor-type',
    /^graph 'g': parameter 'b': data is \[1, 2, 3, 4\], expected a Float32Array \(its type is float32\)$/,
  ],
  [
    'numbers that throw',
    () => withParameter({ data: trapped(new Float32Array(4)) }),
    'invalid-tensor-type',
    /^graph 'g': parameter 'b': data is .*, expected a Float32Array/,
  ],
  [
    'a view that calls itself floats',
    () =>
      withParameter({
        data: Object.defineProperties(new DataView(new ArrayBuffer(16)), {
          length: { value: 4 },
          [Symbol.toStringTag]: { value: 'Float32Array' },
        }),
      }),
    'invalid-tensor-type',
    /^graph 'g': parameter 'b': data is .*, expected a Float32Array/,
  ],

  [
    'a node that is none',
    () => withNodes('relu'),
    'invalid-network',
    "graph 'g': nodes[0] is 'relu', expected an object",
  ],
  [
    'a node that throws',
    () => withNodes(trapped(node('y', 'relu', ['x']))),
    'invalid-network',
    "graph 'g': nodes[0] cannot be read: a trap",
  ],
  [
    'a node without a name',
    () => withNodes({ ...node('y', 'relu', ['x']), name: undefined }),
    'invalid-network',
    "graph 'g': the name of nodes[0] is undefined, expected a string",
  ],
  [
    'an operation that is none',
    () => withNodes(node('y', 'rleu', ['x'])),
    'invalid-network',
    /^graph 'g': node 'y': op is 'rleu', expected one of convolution, .*did you mean 'relu'/,
  ],
  [
    'an operation of every object',
    () => withNodes(node('y', 'constructor', ['x'])),
    'invalid-network',
    /^graph 'g': node 'y': op is 'constructor', expected one of /,
  ],
  [
    'no attributes',
    () => withNodes(node('y', 'relu', ['x'], null)),
    'invalid-network',
    "node 'y' (relu): attributes are null, expected an object",
  ],
  [
    'attributes of another operation',
    () => withNodes(node('y', 'relu', ['x'], { epsilon: 1 })),
    'invalid-network',
    /^node 'y' \(relu\): attributes have an unknown field 'epsilon'/,
  ],
  [
    'attributes where there are none',
    () => withNodes(node('y', 'identity', ['x'], { axis: 1 })),
    'invalid-network',
    /^node 'y' \(identity\): attributes have an unknown field 'axis'/,
  ],
  [
    'attributes that throw',
    () => withNodes(node('y', 'relu', ['x'], trapped({}))),
    'invalid-network',
    "node 'y' (relu): attributes cannot be read: a trap",
  ],
  [
    'inputs that are a name',
    () => withNodes(node('y', 'relu', 'x')),
    'invalid-network',
    "node 'y' (relu): inputs is 'x', expected an array",
  ],
  [
    'an input that is a number',
    () => withNodes(node('y', 'relu', [0])),
    'invalid-network',
    "node 'y' (relu): inputs[0] is 0, expected a string",
  ],
  [
    'no inputs',
    () => withNodes(node('y', 'relu', [])),
    'invalid-network',
    "node 'y' (relu): expected one input, got 0",
  ],
  [
    'an input too many',
    () => withNodes(node('y', 'relu', ['x', 'x'])),
    'invalid-network',
    "node 'y' (relu): expected one input, got 2",
  ],
  [
    'one term',
    () => withNodes(node('y', 'addition', ['x'])),
    'invalid-network',
    "node 'y' (addition): expected at least 2 inputs, got 1",
  ],
  [
    'nothing to concatenate',
    () => withNodes(node('y', 'concatenation', [])),
    'invalid-network',
    "node 'y' (concatenation): expected at least one input, got 0",
  ],
  [
    'a convolution of nothing but a value',
    () => withNodes(node('y', 'convolution', ['x'])),
    'invalid-network',
    "node 'y' (convolution): expected 2 to 3 inputs, got 1",
  ],
  [
    'a convolution of four',
    () => withNodes(node('y', 'convolution', ['x', 'w', 'b', 'b'])),
    'invalid-network',
    "node 'y' (convolution): expected 2 to 3 inputs, got 4",
  ],
  [
    'a value that is null',
    () => withNodes(node('y', 'relu', [null])),
    'invalid-network',
    "node 'y' (relu): inputs[0] is null, expected a name",
  ],
  [
    'a kernel that is null',
    () => withNodes(node('y', 'convolution', ['x', null])),
    'invalid-network',
    "node 'y' (convolution): kernel is null, expected a name",
  ],
  [
    'a scale that is null',
    () => withNodes(node('y', 'scale-shift', ['x', null, 'b'])),
    'invalid-network',
    "node 'y' (scale-shift): scale is null, expected a name",
  ],
  [
    'a variance that is null',
    () => withNodes(node('y', 'batch-normalisation', ['x', 'b', 'b', 'b', null], { epsilon: 1 })),
    'invalid-network',
    "node 'y' (batch-normalisation): variance is null, expected a name",
  ],
  [
    'a third term that is null',
    () => withNodes(node('y', 'addition', ['x', 'x', null])),
    'invalid-network',
    "node 'y' (addition): inputs[2] is null, expected a name",
  ],
  [
    'a second part that is null',
    () => withNodes(node('y', 'concatenation', ['x', null])),
    'invalid-network',
    "node 'y' (concatenation): inputs[1] is null, expected a name",
  ],
  [
    'two outputs of one',
    () => withNodes(node('y', 'relu', ['x'], {}, ['y', 'z'])),
    'invalid-network',
    "node 'y' (relu): expected one output, got 2",
  ],
  [
    'no outputs of a node',
    () => withNodes(node('y', 'split', ['x'], { sizes: [2] }, [])),
    'invalid-network',
    "node 'y' (split): expected at least one output, got 0",
  ],
  [
    'an output that is null',
    () => withNodes(node('y', 'relu', ['x'], {}, [null])),
    'invalid-network',
    "node 'y' (relu): outputs[0] is null, expected a string",
  ],
  [
    'sizes for other outputs',
    () => withNodes(node('y', 'split', ['x'], { sizes: [1, 1] })),
    'invalid-argument',
    "node 'y' (split): 2 sizes are given, expected 1 (its outputs)",
  ],
  [
    'sizes of other channels',
    () => withNodes(node('y', 'split', ['x'], { sizes: [2, 1] }, ['y', 'z'])),
    'invalid-channels',
    "node 'y' (split): input has 2 channels, expected 3 (the sum of the sizes [2, 1])",
  ],
  [
    'a size of nothing',
    () => withNodes(node('y', 'split', ['x'], { sizes: [2, 0] }, ['y', 'z'])),
    'invalid-channels',
    /^node 'y' \(split\): a size .*0/,
  ],
  [
    'sizes that are none',
    () => withNodes(node('y', 'split', ['x'], {})),
    'invalid-argument',
    "node 'y' (split): sizes is undefined, expected an array",
  ],
  [
    'an axis twice',
    () => withNodes(node('y', 'transpose', ['x'], { permutation: [0, 1, 1, 2] })),
    'invalid-argument',
    "node 'y' (transpose): permutation is [0, 1, 1, 2], expected each axis from 0 on once",
  ],
  [
    'an axis too few',
    () => withNodes(node('y', 'transpose', ['x'], { permutation: [1, 0, 2] })),
    'invalid-rank',
    "node 'y' (transpose): input is [N, 2, H, W], expected 3 axes (its permutation's)",
  ],
  [
    'no permutation',
    () => withNodes(node('y', 'transpose', ['x'], {})),
    'invalid-argument',
    "node 'y' (transpose): permutation is undefined, expected an array",
  ],

  [
    'a value twice',
    () => withNodes(node('a', 'relu', ['x'], {}, ['y']), node('b', 'relu', ['x'], {}, ['y'])),
    'invalid-network',
    "graph 'g': two values are named 'y'",
  ],
  [
    'a value twice of one node',
    () => withNodes(node('a', 'split', ['x'], { sizes: [1, 1] }, ['y', 'y'])),
    'invalid-network',
    "graph 'g': two values are named 'y'",
  ],
  [
    'a value that is an input',
    () => withNodes(node('a', 'relu', ['x'], {}, ['x'])),
    'invalid-network',
    "graph 'g': two values are named 'x'",
  ],
  [
    'a value that is a parameter',
    () => withNodes(node('a', 'relu', ['x'], {}, ['w'])),
    'invalid-network',
    "graph 'g': two values are named 'w'",
  ],
  [
    'an input that is a parameter',
    () => graphWith({ parameters: new Map([['x', parameter([1], 1)]]) }),
    'invalid-network',
    "graph 'g': two values are named 'x'",
  ],
  [
    'a node twice',
    () => withNodes(node('a', 'relu', ['x'], {}, ['y']), node('a', 'relu', ['x'], {}, ['z'])),
    'invalid-network',
    "graph 'g': two nodes are named 'a'",
  ],
  [
    'a name that leads nowhere',
    () => withNodes(node('y', 'relu', ['q'])),
    'invalid-network',
    "node 'y' (relu): reads 'q', which nothing computes",
  ],
  [
    'a weight that leads nowhere',
    () => withNodes(node('y', 'convolution', ['x', 'q'])),
    'invalid-network',
    "node 'y' (convolution): reads 'q', which nothing computes",
  ],
  [
    'a node that reads itself',
    () => withNodes(node('y', 'relu', ['y'])),
    'invalid-network',
    /^node 'y' \(relu\): reads 'y', which is not computed before it/,
  ],
  [
    'a circle',
    () => withNodes(node('a', 'relu', ['y']), node('y', 'relu', ['a'])),
    'invalid-network',
    /^node 'a' \(relu\): reads 'y', which is not computed before it/,
  ],

  [
    'a kernel of other axes',
    () => withNodes(node('y', 'convolution', ['x', 'b'])),
    'invalid-rank',
    "node 'y' (convolution): kernel expected [K, C / groups, R, S], got [4]",
  ],
  [
    'a bias of other axes',
    () => withNodes(node('y', 'convolution', ['x', 'w', 'w'])),
    'invalid-rank',
    "node 'y' (convolution): bias expected [K], got [4, 2, 3, 3]",
  ],
  [
    'a computed kernel of no known size',
    () => withNodes(node('y', 'convolution', ['x', 'x'])),
    'unsupported-layer',
    "node 'y' (convolution): the kernel's size is H × W, expected two numbers",
  ],
  [
    'a negative variance',
    () =>
      graphWith({
        parameters: new Map([['b', { ...parameter([2], 1), data: Float32Array.of(1, -1) }]]),
        nodes: [node('y', 'batch-normalisation', ['x', 'b', 'b', 'b', 'b'], { epsilon: 0.5 })],
        outputs: ['y'],
      }),
    'invalid-argument',
    "node 'y' (batch-normalisation): variance + epsilon of channel 1 is -0.5, expected more than 0",
  ],
];

const ENTRIES = [parseGraph, simplifyGraph, graphTypes, planGraph, (graph: Graph) => evaluateGraph(graph, {})];

describe('parseGraph', () => {
  it.each(CASES)('refuses %s', (_, make, code, text) => {
    for (const entry of ENTRIES) {
      const error = failure(() => entry(make() as Graph));
      expect(error.message).toMatch(
        text instanceof RegExp ? text : new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
      );
      expect(error.code).toBe(code);
    }
  });

  it.each(DTYPES)('refuses numbers of %s in any other array, and of any other length', (dtype) => {
    const arrays = [
      Float32Array,
      Float64Array,
      BigInt64Array,
      Int32Array,
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Uint16Array,
    ];
    const classes = {
      float64: 'Float64Array',
      int64: 'BigInt64Array',
      int32: 'Int32Array',
      int8: 'Int8Array',
      uint8: 'Uint8Array',
      bool: 'Uint8Array',
    };
    const wanted = classes[dtype as keyof typeof classes] ?? 'Float32Array';
    const graph = (data: unknown) =>
      graphWith({
        parameters: new Map([['p', { type: { dtype, shape: [2, 3] }, data, role: 'constant' }]]),
        nodes: [],
        outputs: ['p'],
      });
    for (const array of arrays) {
      if (array.name === wanted) {
        expect(parseGraph(graph(new array(6))).parameters.get('p')?.type).toEqual({ dtype, shape: [2, 3] });
        expect(failure(() => parseGraph(graph(new array(5))))).toMatchObject({ code: 'invalid-tensor' });
        expect(failure(() => parseGraph(graph(new array(7))))).toMatchObject({ code: 'invalid-tensor' });
      } else {
        const error = failure(() => parseGraph(graph(new array(6))));
        expect(error.code).toBe('invalid-tensor-type');
        expect(error.message).toContain(`expected a ${wanted} (its type is ${dtype})`);
      }
    }
    // Arrays of a frame or a test runner are arrays.
    const foreign = ofAnotherRealm<unknown>(`new ${wanted}(6)`);
    const values = evaluateGraph(graph(foreign), { x: { shape: [1, 2, 1, 1], data: new Float64Array(2) } });
    expect([...(values.get('p')?.data ?? [])]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('gives back what it gave, frozen, and nothing that a caller still holds', () => {
    const given = graphWith();
    const graph = parseGraph(given);
    expect(parseGraph(graph)).toBe(graph);
    (given.nodes[0] as unknown as Loose).op = 'relu';
    (given.nodes as unknown[]).length = 0;
    (given.inputs as Map<string, unknown>).clear();
    expect(graph.nodes[0].op).toBe('convolution');
    expect([...graph.inputs.keys()]).toEqual(['x']);
    for (const made of [graph, simplifyGraph(graph)]) {
      const parts = [
        made,
        made.nodes,
        made.outputs,
        ...made.nodes.flatMap((each) => [each, each.inputs, each.outputs, each.attributes]),
      ];
      for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('ends in errors of ours, whatever stands in whatever place', () => {
    const places: readonly ((value: unknown) => Graph)[] = [
      (value) => value as Graph,
      ...['name', 'inputs', 'parameters', 'nodes', 'outputs'].map(
        (field) => (value: unknown) => graphWith({ [field]: value }),
      ),
      (value) => graphWith({ outputs: [value] }),
      (value) => graphWith({ inputs: new Map([[value, { dtype: 'float32', shape: [1] }]]) }),
      withInput,
      (value) => withInput({ dtype: value, shape: [1] }),
      (value) => withInput({ dtype: 'float32', shape: value }),
      (value) => withInput({ dtype: 'float32', shape: [value, 2, 3, 3] }),
      ...['type', 'data', 'role'].map((field) => (value: unknown) => withParameter({ [field]: value })),
      withNodes,
      ...['name', 'op', 'inputs', 'outputs', 'attributes'].map(
        (field) => (value: unknown) => withNodes({ ...node('y', 'relu', ['x']), [field]: value }),
      ),
      (value) => withNodes(node('y', 'relu', [value])),
      (value) => withNodes(node('y', 'split', ['x'], { sizes: value })),
      (value) => withNodes(node('y', 'split', ['x'], { sizes: [value] })),
      (value) => withNodes(node('y', 'transpose', ['x'], { permutation: value })),
      (value) => withNodes(node('y', 'transpose', ['x'], { permutation: [0, 1, 2, value] })),
    ];
    let refused = 0;
    for (const place of places) {
      // An array of 2³² holes takes long to read, and ends like one of junk.
      for (const name of VALUE_NAMES.filter((each) => each !== 'sparse array')) {
        try {
          parseGraph(place(VALUES[name]()));
        } catch (error) {
          expect(error, `${name}: ${String(error)}`).toBeInstanceOf(NnpackError);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(places.length * VALUE_NAMES.length * 0.6);
  });

  it('takes null for a bias, and none at all', () => {
    for (const inputs of [
      ['x', 'w'],
      ['x', 'w', null],
      ['x', 'w', 'b'],
    ]) {
      const graph = withNodes(node('y', 'convolution', inputs, {}));
      expect(graphTypes(graph, { x: [2, 2, 5, 6] }).get('y')).toEqual({ dtype: 'float32', shape: [2, 4, 3, 4] });
    }
  });
});

describe('graphTypes', () => {
  it('names what follows from a size that is not known', () => {
    const types = graphTypes(
      withNodes(node('c', 'convolution', ['x', 'w'], {}), node('y', 'split', ['c'], { sizes: [1, 3] }, ['y', 'z'])),
    );
    expect(types.get('c')?.shape).toEqual(['N', 4, 'c.2', 'c.3']);
    expect(types.get('y')?.shape).toEqual(['N', 1, 'c.2', 'c.3']);
    expect(types.get('z')?.shape).toEqual(['N', 3, 'c.2', 'c.3']);
    const same = graphTypes(graphWith());
    expect(same.get('relu')?.shape).toEqual(['N', 4, 'conv.2', 'conv.3']);
    expect(same.get('w')).toEqual({ dtype: 'float32', shape: [4, 2, 3, 3] });
  });

  it('moves names with their axes', () => {
    const graph = withNodes(node('y', 'transpose', ['x'], { permutation: [0, 2, 3, 1] }));
    expect(graphTypes(graph).get('y')?.shape).toEqual(['N', 'H', 'W', 2]);
    expect(graphTypes(graph, { x: [3, 2, 5, 7] }).get('y')?.shape).toEqual([3, 5, 7, 2]);
  });

  const two = () => {
    const inputs = new Map([
      ['x', { dtype: 'float32', shape: ['N', 2, 'H', 'H'] }],
      ['z', { dtype: 'float32', shape: ['N', 3] }],
    ]);
    return graphWith({ inputs, nodes: [], outputs: ['x', 'z'] });
  };

  it('holds a name to one size', () => {
    expect(graphTypes(two(), { x: [2, 2, 5, 5] }).get('z')?.shape).toEqual([2, 3]);
    expect(graphTypes(two(), { x: [2, 2, 5, 5], z: [2, 3] }).get('z')?.shape).toEqual([2, 3]);
    const refusals = [
      [{ x: [2, 2, 5, 5], z: [1, 3] }, "graph 'g': input 'z': N is 1 here and 2 in another input, expected one size"],
      [{ x: [2, 2, 5, 6] }, "graph 'g': input 'x': H is 6 here and 5 in another input, expected one size"],
      [{ x: [2, 3, 5, 5] }, "graph 'g': input 'x' expected [N, 2, H, H] (a name is any size), got [2, 3, 5, 5]"],
      [{ x: [2, 2, 5] }, "graph 'g': input 'x' expected [N, 2, H, H] (a name is any size), got [2, 2, 5]"],
      [{ x: [2, 2, 0, 0] }, "graph 'g': input 'x' expected positive sizes, got [2, 2, 0, 0]"],
      [{ x: [2, 2, 1.5, 1.5] }, "graph 'g': input 'x' expected positive sizes, got [2, 2, 1.5, 1.5]"],
      [{ x: [Number.NaN, 2, 1, 1] }, "graph 'g': input 'x' expected positive sizes, got [NaN, 2, 1, 1]"],
      [{ z: [2, 3] }, "graph 'g': input 'x' expected positive sizes, got [2, 2, H, H]"],
      [{ z: ['N', 3] }, /^graph 'g': input 'z' expected positive sizes, got \['?N'?, 3\]$/],
      [{ z: [Symbol('N'), 3] }, /^graph 'g': input 'z' expected positive sizes, got /],
      [{ z: [2, Symbol('C')] }, /^graph 'g': input 'z' expected \[N, 3\] \(a name is any size\), got /],
      [{ z: [2, trapped({})] }, /^graph 'g': input 'z' expected \[N, 3\] \(a name is any size\), got /],
      [{ z: 3 }, "graph 'g': input 'z': shape is 3, expected an array"],
      [{ y: [1] }, /^graph 'g': inputs have 'y', which is no input of the network/],
      [null, "graph 'g': inputs are null, expected an object with a field for each input"],
    ] as const;
    for (const [shapes, text] of refusals) {
      for (const entry of [
        () => graphTypes(two(), shapes as never),
        () => planGraph(two(), { inputs: (shapes ?? 0) as never }),
      ]) {
        const { message } = failure(entry);
        if (shapes !== null)
          expect(message).toMatch(
            text instanceof RegExp ? text : new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
          );
      }
    }
  });
});

describe('planGraph', () => {
  it.each(DTYPES.filter((dtype) => dtype !== 'float32'))(
    'refuses values of type %s, which nothing runs in',
    (dtype) => {
      const one = dtype === 'int64' ? BigInt64Array.of(1n) : undefined;
      const array =
        { float64: Float64Array, int32: Int32Array, int8: Int8Array, uint8: Uint8Array, bool: Uint8Array }[
          dtype as 'int32'
        ] ?? Float32Array;
      const graph = graphWith({
        inputs: new Map([['x', { dtype, shape: [1] }]]),
        parameters: new Map([['p', { type: { dtype, shape: [1] }, data: one ?? array.of(1), role: 'constant' }]]),
        nodes: [node('y', 'identity', ['x'])],
        outputs: ['y'],
      });
      const reason = `is of type ${dtype}, expected float32 (what networks run in)`;
      expect(failure(() => planGraph(graph)).message).toBe(`graph 'g': value 'x' ${reason}`);
      const constant = {
        ...graph,
        inputs: new Map(),
        nodes: [node('y', 'identity', ['p'])] as unknown as Graph['nodes'],
      };
      expect(failure(() => planGraph(constant))).toMatchObject({
        code: 'unsupported-layer',
        message: `graph 'g': value 'y' ${reason}`,
      });
      expect(graphTypes(graph).get('y')).toEqual({ dtype, shape: [1] });
    },
  );

  it('refuses weights that other nodes compute of inputs', () => {
    const inputs = new Map([
      ['x', { dtype: 'float32', shape: [1, 2, 5, 5] }],
      ['k', { dtype: 'float32', shape: [4, 2, 3, 3] }],
    ]);
    const nodes = [node('r', 'relu', ['k']), node('y', 'convolution', ['x', 'r'], {})];
    const graph = graphWith({ inputs, nodes, outputs: ['y'] });
    expect(failure(() => planGraph(graph))).toMatchObject({
      code: 'unsupported-layer',
      message: "node 'y' (convolution): its kernel is computed by another node, expected a parameter",
    });
    expect(graphTypes(graph).get('y')?.shape).toEqual([1, 4, 3, 3]);
  });

  it('holds a variance that constants give to what one must be', () => {
    const minus = { ...parameter([2], 1), data: Float32Array.of(-1, -1) };
    const nodes = [
      node('v', 'addition', ['m', 'm']),
      node('y', 'batch-normalisation', ['x', 'm', 'm', 'm', 'v'], { epsilon: 0.5 }),
    ];
    const graph = graphWith({ parameters: new Map([['m', minus]]), nodes, outputs: ['y'] });
    expect(failure(() => simplifyGraph(graph))).toMatchObject({
      code: 'invalid-argument',
      message: "node 'y' (batch-normalisation): variance + epsilon of channel 0 is -1.5, expected more than 0",
    });
  });
});

describe('evaluateGraph', () => {
  it('refuses inputs that are none of the graph', () => {
    const graph = graphWith();
    const x = { shape: [1, 2, 3, 3], data: new Float64Array(18) };
    const refusals: readonly (readonly [unknown, ErrorCode, RegExp])[] = [
      [undefined, 'invalid-tensor', /^graph 'g': inputs are undefined, expected an object/],
      [null, 'invalid-tensor', /^graph 'g': inputs are null, expected an object/],
      [{}, 'invalid-tensor', /^graph 'g': input 'x' is missing/],
      [{ x, y: x }, 'invalid-tensor', /^graph 'g': inputs have 'y', which is no input/],
      [{ x: 3 }, 'invalid-tensor', /^graph 'g': input 'x' is 3, expected an object$/],
      [
        { x: { ...x, data: new Float64Array(17) } },
        'invalid-tensor',
        /^graph 'g': input 'x': has 17 numbers, expected 18/,
      ],
      [
        { x: { ...x, data: [...x.data] } },
        'invalid-tensor-type',
        /^graph 'g': input 'x': has data .*, expected a Float64Array/,
      ],
      [{ x: { ...x, shape: 18 } }, 'invalid-input-size', /^graph 'g': input 'x': shape is 18, expected an array/],
      [
        { x: { shape: [1, 3, 3, 2], data: x.data } },
        'invalid-input-size',
        /^graph 'g': input 'x' expected \[N, 2, H, W\]/,
      ],
    ];
    for (const [inputs, code, text] of refusals) {
      const error = failure(() => evaluateGraph(graph, inputs as never));
      expect(error.message).toMatch(text);
      expect(error.code).toBe(code);
    }
    const small = withNodes(node('y', 'convolution', ['x', 'w'], {}));
    const tiny = { shape: [1, 2, 2, 3], data: new Float64Array(12) };
    expect(failure(() => evaluateGraph(small, { x: tiny })).code).toBe('invalid-kernel-size');
  });

  it('gives of −∞ what a run gives', () => {
    const inputs = new Map([['x', { dtype: 'float32', shape: [2] }]]);
    const graph = graphWith({ inputs, nodes: [node('y', 'relu', ['x'])], outputs: ['y'] });
    const values = evaluateGraph(graph, { x: { shape: [2], data: Float64Array.of(-Infinity, Infinity) } });
    expect([...(values.get('y')?.data ?? [])].map((v) => v + 0)).toEqual([0, Infinity]);
  });
});

describe('the table', () => {
  it('has attributes and counts that are checked for every operation', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPS), fc.constantFrom(...VALUE_NAMES), fc.nat(6), (op, name, count) => {
        try {
          parseGraph(withNodes(node('y', op, new Array(count).fill('x'), VALUES[name]())));
        } catch (error) {
          expect(error).toBeInstanceOf(NnpackError);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});
