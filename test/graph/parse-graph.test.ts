/** Graphs that make no sense: each ends in one error that says who, what, what was expected and what was got. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateGraph, type Graph, graphTypes, parseGraph, planGraph, simplifyGraph } from '../../src/graph/index.ts';
import { OPS } from '../../src/graph/ops/table.ts';
import { DTYPES } from '../../src/graph/values.ts';
import { NnpackError } from '../../src/index.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { ofAnotherRealm, VALUE_NAMES, VALUES } from '../support/values.ts';
import { CASES } from './bad-cases.ts';
import { graphWith, type Loose, node, whole, withInput, withNodes, withParameter } from './bad-graphs.ts';

const ENTRIES = [parseGraph, simplifyGraph, graphTypes, planGraph, (graph: Graph) => evaluateGraph(graph, {})];

describe('parseGraph', () => {
  it.each(CASES)('refuses %s', (_, make, code, text) => {
    for (const entry of ENTRIES) {
      const error = failure(() => entry(make() as Graph));
      expect(error.message).toMatch(whole(text));
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

  it('takes maps, lists and arrays of another realm', () => {
    const foreign = ofAnotherRealm<Graph>(`({
      name: 'g',
      inputs: new Map([['x', { dtype: 'float32', shape: ['N', 1, 2, 2] }]]),
      parameters: new Map([
        ['w', { type: { dtype: 'float32', shape: [1, 1, 1, 1] }, data: Float32Array.of(3), role: 'weight' }],
      ]),
      nodes: [{ name: 'c', op: 'convolution', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
      outputs: ['y'],
    })`);
    const x = { data: Float64Array.of(1, 2, -3, 4), shape: [1, 1, 2, 2] };
    expect([...(evaluateGraph(parseGraph(foreign), { x }).get('y')?.data ?? [])]).toEqual([3, 6, -9, 12]);
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

  it('gives maps that nothing is written to, also what passes made of them', () => {
    const graph = parseGraph(graphWith());
    for (const { inputs, parameters } of [graph, simplifyGraph(graph)]) {
      for (const map of [inputs, parameters] as unknown as Map<string, unknown>[]) {
        const before = [...map];
        expect(() => map.set('x', { dtype: 'float32', shape: [1] })).toThrow(NnpackError);
        expect(() => map.delete(before[0][0])).toThrow('expected it to stay as it is');
        expect(() => map.clear()).toThrow(NnpackError);
        expect([...map]).toEqual(before);
        // A copy of one is a map like any other.
        expect([...new Map(map).set('more', 1).keys()]).toEqual([...before.map(([name]) => name), 'more']);
      }
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
