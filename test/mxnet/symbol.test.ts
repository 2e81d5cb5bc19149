import { describe, expect, it } from 'vitest';
import { type ErrorCode, NnpackError } from '../../src/errors.ts';
import { parseSymbol } from '../../src/mxnet/symbol.ts';
import { chainOf, type Generation, type JsonNode, type JsonSymbol, symbolOf } from './symbols.ts';

const read = (json: unknown) => parseSymbol(JSON.stringify(json));

function errorOf(make: () => unknown): NnpackError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  return expect.unreachable('expected an error');
}

/** What is said of a good symbol once `change` has changed it. */
function expectError(change: (json: JsonSymbol) => void, text: string, code: ErrorCode = 'invalid-model'): void {
  const json = symbolOf('1.0');
  change(json);
  const error = errorOf(() => read(json));
  expect([error.message, error.code]).toEqual([text, code]);
}

describe('parseSymbol', () => {
  it.each<Generation>(['0.8', '0.9', '1.0'])('reads what %s wrote', (generation) => {
    const { nodes, variables, outputs, version } = read(symbolOf(generation));
    expect(version).toBe({ '0.8': 800, '0.9': 905, '1.0': 10000 }[generation]);
    expect([variables, outputs]).toEqual([[0, 1, 2], [[5, 0]]]);
    const summary = nodes.map(({ name, op, inputs }) => [name, op, inputs]);
    expect(summary).toEqual([
      ['data', 'null', []],
      ['conv_weight', 'null', []],
      ['conv_bias', 'null', []],
      // biome-ignore format: one row a node
      ['conv', 'Convolution', [[0, 0], [1, 0], [2, 0]]],
      ['relu', 'Activation', [[3, 0]]],
      // biome-ignore format: one row a node
      ['sum', 'elemwise_add', [[3, 0], [4, 0]]],
    ]);
    expect(nodes.map(({ attributes }) => [...attributes])).toEqual([
      [],
      generation === '0.8' ? [] : [...nodes[3].attributes],
      [['__lr_mult__', '2.0']],
      [
        ['kernel', '(3L, 3)'],
        ['num_filter', '4'],
      ],
      [['act_type', 'relu']],
      [],
    ]);
  });

  it('takes attributes from each of their places, the later names first', () => {
    const json = symbolOf('0.8');
    const places = { attrs: { a: '1', b: '1' }, attr: { b: '2', c: '2' }, param: { c: '3', d: '3', __proto__x: '4' } };
    Object.assign(json.nodes[3], places);
    const text = JSON.stringify(json).replace('__proto__x', '__proto__');
    expect([...parseSymbol(text).nodes[3].attributes]).toEqual(
      Object.entries({ a: '1', b: '1', c: '2', d: '3' }).concat([['__proto__', '4']]),
    );
  });

  it('puts nodes behind those that they read, whatever the order of the file', () => {
    const good = symbolOf('1.0');
    const last = good.nodes.length - 1;
    const turn = ([node, ...more]: number[]) => [last - node, ...more];
    const nodes = good.nodes.map((node): JsonNode => ({ ...node, inputs: node.inputs.map(turn) })).reverse();
    const turned = { ...good, nodes, arg_nodes: [3, 4, 5], heads: good.heads.map(turn) };
    const symbol = read(turned);
    expect(symbol.nodes.map(({ name }) => name)).toEqual(['data', 'conv_weight', 'conv_bias', 'conv', 'relu', 'sum']);
    expect(symbol).toEqual(read(good));
  });

  it('keeps which output is read, and of what', () => {
    const json = symbolOf('1.0');
    json.nodes[5].inputs = [
      [4, 3, 0],
      [3, 1, 7],
    ];
    json.heads = [
      [5, 2, 0],
      [0, 0, 0],
      [5, 2],
    ];
    const { nodes, outputs } = read(json);
    expect(nodes[5].inputs).toEqual([
      [4, 3],
      [3, 1],
    ]);
    expect(outputs).toEqual([
      [5, 2],
      [0, 0],
      [5, 2],
    ]);
  });

  it('gives names that stand twice a number, but those of variables', () => {
    const json = chainOf(8);
    const names = ['data', 'a', 'a', 'a_2', 'a', 'data', '__proto__', '__proto__'];
    for (const [i, node] of json.nodes.entries()) node.name = names[i];
    const read8 = read(json).nodes.map(({ name }) => name);
    expect(read8).toEqual(['data', 'a', 'a_1', 'a_2', 'a_3', 'data_1', '__proto__', '__proto___1']);
    expectError((json) => {
      json.nodes[2].name = 'conv_weight';
    }, "node 'conv_weight' (null): a second variable of this name");
  });

  it('reads a chain as long as one likes, forwards and backwards, and finds its circle', () => {
    const COUNT = 20_000;
    const chain = chainOf(COUNT);
    expect(read(chain).nodes).toHaveLength(COUNT);
    const turn = ([node, ...more]: number[]) => [COUNT - 1 - node, ...more];
    const nodes = chain.nodes.map((node) => ({ ...node, inputs: node.inputs.map(turn) })).reverse();
    expect(read({ nodes, arg_nodes: [COUNT - 1], heads: [[0, 0]] })).toEqual(read(chain));
    nodes[COUNT - 2].inputs = [[0, 0, 0]];
    const error = errorOf(() => read({ nodes, arg_nodes: [COUNT - 1], heads: [[0, 0]] }));
    expect([error.message, error.code]).toEqual([
      `node 'r1' (relu): reads 'r${COUNT - 1}' in a circle`,
      'invalid-model',
    ]);
    expectError((json) => {
      json.nodes[4].inputs = [[4, 0, 0]];
    }, "node 'relu' (Activation): reads 'relu' in a circle");
  });
});

describe('symbols that are refused', () => {
  it('for what no graph here has', () => {
    const text = "node 'conv' (Convolution): has symbols of its own (subgraphs), expected none";
    expectError((json) => Object.assign(json.nodes[3], { subgraphs: [{}] }), text, 'unsupported-layer');
    expectError((json) => Object.assign(json.nodes[3], { subgraphs: 'x' }), text, 'unsupported-layer');
    const gradient = "node 'data' (null): backward_source_id is 3, expected -1";
    expectError((json) => Object.assign(json.nodes[0], { backward_source_id: 3 }), gradient, 'unsupported-layer');
  });

  it('for parts that are broken, by name', () => {
    const conv = "node 'conv' (Convolution)";
    const end = 'expected [node, output] or [node, output, version]';
    const cases: [change: (json: JsonSymbol) => void, text: string][] = [
      [(json) => Object.assign(json, { nodes: {} }), 'symbol: nodes is an object of Object, expected an array'],
      [(json) => Object.assign(json, { nodes: [] }), 'symbol: arg_nodes[0] is 0, expected the number of a variable'],
      [(json) => Object.assign(json, { arg_nodes: null }), 'symbol: arg_nodes is undefined, expected an array'],
      [(json) => json.arg_nodes.push(3), 'symbol: arg_nodes[3] is 3, expected the number of a variable'],
      [(json) => json.arg_nodes.push(-1), 'symbol: arg_nodes[3] is -1, expected the number of a variable'],
      [(json) => json.arg_nodes.push(1), 'symbol: arg_nodes[3] is 1, expected each variable once'],
      [
        (json) => Object.assign(json, { arg_nodes: ['length'] }),
        "symbol: arg_nodes[0] is 'length', expected the number of a variable",
      ],
      [(json) => Object.assign(json, { heads: [] }), 'symbol: heads is [], expected at least one'],
      [
        (json) => Object.assign(json, { heads: [[6, 0, 0]] }),
        'symbol: heads[0] is [6, 0, 0], expected the number of one of 6 nodes',
      ],
      [
        (json) => Object.assign(json, { heads: [[0, 1, 0]] }),
        "symbol: heads: reads output 1 of node 'data' (null), expected output 0",
      ],
      [(json) => Object.assign(json, { heads: [5] }), 'symbol: heads[0] is 5, expected an array'],
      [(json) => Object.assign(json, { attrs: [] }), 'symbol: attrs is [], expected an object'],
      [
        (json) => Object.assign(json, { attrs: { mxnet_version: 10000 } }),
        "symbol: mxnet_version is 10000, expected ['int', a whole number]",
      ],
      [(json) => Object.assign(json.nodes, { 3: null }), 'symbol: nodes[3] is null, expected an object'],
      [(json) => Object.assign(json.nodes[3], { name: 7 }), 'symbol: nodes[3]: name is 7, expected a text'],
      [(json) => Object.assign(json.nodes[3], { name: '' }), "symbol: nodes[3]: name is '', expected a text"],
      [(json) => Object.assign(json.nodes[3], { op: undefined }), "node 'conv': op is undefined, expected a text"],
      [
        (json) => Object.assign(json.nodes[3], { inputs: undefined }),
        `${conv}: inputs is undefined, expected an array`,
      ],
      [(json) => Object.assign(json.nodes[3], { attrs: 'x' }), `${conv}: attrs is 'x', expected an object`],
      [(json) => Object.assign(json.nodes[3], { attrs: { pad: 1 } }), `${conv}: attrs 'pad' is 1, expected a text`],
      [
        (json) => Object.assign(json.nodes[0], { inputs: [[1, 0, 0]] }),
        "node 'data' (null): inputs is [an array], expected none of a variable",
      ],
      [
        (json) => json.nodes[3].inputs.push([2, 1, 0]),
        `${conv}: reads output 1 of node 'conv_bias' (null), expected output 0`,
      ],
      [
        (json) => json.nodes[3].inputs.push([9, 0, 0]),
        `${conv}: inputs[3] is [9, 0, 0], expected the number of one of 6 nodes`,
      ],
      [(json) => json.nodes[3].inputs.push([0]), `${conv}: inputs[3] is [0], ${end}`],
      [(json) => json.nodes[3].inputs.push([0, 0, 0, 0]), `${conv}: inputs[3] is [0, 0, 0, 0], ${end}`],
      [(json) => json.nodes[3].inputs.push([-1, 0]), `${conv}: inputs[3] is [-1, 0], ${end}`],
      [(json) => json.nodes[3].inputs.push([0.5, 0]), `${conv}: inputs[3] is [0.5, 0], ${end}`],
      [(json) => json.nodes[3].inputs.push([0, 1e300]), `${conv}: inputs[3] is [0, 1e+300], ${end}`],
    ];
    for (const [change, text] of cases) expectError(change, text);
  });

  it('for texts that are none', () => {
    for (const text of ['', '{', 'null', '[]', '1', '"x"', '{}', '\u0000']) {
      expect(errorOf(() => parseSymbol(text)).message).toMatch(/^symbol: /);
    }
    for (const value of [undefined, null, 5, {}, new Uint8Array(3)] as unknown[]) {
      expect(errorOf(() => parseSymbol(value as string)).message).toMatch(/^symbol: is .*, expected a text$/);
    }
    expect(errorOf(() => parseSymbol(' '.repeat(2 ** 26 + 1))).message).toBe(
      `symbol: has ${2 ** 26 + 1} characters, expected at most ${2 ** 26}`,
    );
  });

  it('for depth, or not where nothing reads it', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const at = (change: (json: JsonSymbol) => void) => {
      const json = symbolOf('1.0');
      change(json);
      return () => parseSymbol(JSON.stringify(json).replace('"DEEP"', deep));
    };
    for (const field of ['nodes', 'arg_nodes', 'heads', 'attrs']) {
      expect(errorOf(at((json) => Object.assign(json, { [field]: 'DEEP' }))).code).toBe('invalid-model');
    }
    for (const field of ['name', 'op', 'inputs', 'attrs', 'attr', 'param']) {
      expect(errorOf(at((json) => Object.assign(json.nodes[3], { [field]: 'DEEP' }))).code).toBe('invalid-model');
    }
    expect(at((json) => Object.assign(json, { node_row_ptr: 'DEEP' }))().nodes).toHaveLength(6);
  });
});
