import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { takeChannelConstants } from '../../src/graph/passes/channel-constants.ts';
import { recognise } from '../../src/graph/passes/recognise.ts';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import type { Parameter } from '../../src/graph/values.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';

const SHAPE = ['N', 3, 4, 5] as const;

function parameter(shape: readonly number[], ...numbers: readonly number[]): Parameter {
  return { type: { dtype: 'float32', shape }, data: Float32Array.from(numbers), role: 'constant' };
}

function node(op: string, inputs: readonly string[], output: string, attributes: object = {}): Node {
  return { name: `${op} ${output}`, op, inputs, outputs: [output], attributes } as unknown as Node;
}

function graphOf(nodes: readonly Node[], parameters: Record<string, Parameter>, outputs = ['y']): Graph {
  const inputs = new Map([['x', { dtype: 'float32' as const, shape: SHAPE }]]);
  return parseGraph({ name: 'test', inputs, parameters: new Map(Object.entries(parameters)), nodes, outputs });
}

const X = { shape: [2, 3, 4, 5], data: Float64Array.from(randomArray(120, uniform(7)).map((value) => 5 * value)) };
const opsOf = ({ nodes }: Graph) => nodes.map(({ op }) => op);

/** What a graph makes of numbers between −5 and 5 is what it made before, up to roundings of the constants. */
function expectSameValues(made: Graph, given: Graph): void {
  const [got, expected] = [made, given].map((graph) => evaluateGraph(graph, { x: X }).get('y'));
  expect(got?.shape).toEqual(expected?.shape);
  expected?.data.forEach((value, i) => {
    expect(Math.abs((got?.data[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
  });
}

describe('takeChannelConstants', () => {
  const channels = parameter([3, 1, 1], 2, -3, 0.5);
  const one = parameter([], 4);
  it.each([
    ['sum', ['x', 'p'], channels],
    ['sum', ['p', 'x'], one],
    ['multiplication', ['x', 'p'], parameter([1, 3, 1, 1], 2, -3, 0.5)],
    ['multiplication', ['p', 'x'], channels],
    ['subtraction', ['x', 'p'], channels],
    ['subtraction', ['p', 'x'], channels],
    ['division', ['x', 'p'], parameter([1], -0.25)],
  ] as const)('takes %s of %s over', (op, inputs, p) => {
    const given = graphOf([node(op, inputs, 'y')], { p });
    const made = takeChannelConstants(given);
    expect(opsOf(made)).toEqual(['scale-shift']);
    expectSameValues(made, given);
  });

  it.each([
    ['of a number that is no power of two', 'division', ['x', 'p'], parameter([1], 3)],
    ['of a reciprocal that is no normal number', 'division', ['x', 'p'], parameter([1], 2 ** -130)],
    ['by x', 'division', ['p', 'x'], one],
    ['along another axis', 'sum', ['x', 'p'], parameter([5], 1, 2, 3, 4, 5)],
    ['that gives more axes', 'sum', ['x', 'p'], parameter([1, 1, 1, 1, 1], 1)],
    ['with itself', 'sum', ['x', 'x'], one],
  ] as const)('leaves what is %s', (_what, op, inputs, p) => {
    const given = graphOf([node(op, inputs, 'y')], { p });
    expect(takeChannelConstants(given)).toBe(given);
  });

  it('changes no sign of zero, and keeps what is not finite', () => {
    const given = graphOf([node('multiplication', ['x', 'p'], 'y')], { p: parameter([1], 2) });
    const data = new Float64Array(60);
    data.set([-0, 0, Number.POSITIVE_INFINITY, Number.NaN, 3e38]);
    const y = evaluateGraph(takeChannelConstants(given), { x: { shape: [1, 3, 4, 5], data } }).get('y');
    expect([...(y?.data.slice(0, 5) ?? [])]).toEqual([-0, 0, Number.POSITIVE_INFINITY, Number.NaN, 6e38]);
  });

  it('lets a factor and a summand of channels disappear into the convolution before them', () => {
    const nodes = [
      node('convolution', ['x', 'w'], 'c', { padding: 1 }),
      node('multiplication', ['c', 'p'], 'm'),
      node('sum', ['m', 'q'], 'y'),
    ];
    const w: Parameter = { ...parameter([3, 3, 3, 3]), data: randomArray(81, uniform(3)) };
    const given = graphOf(nodes, { w, p: channels, q: one });
    const made = simplifyGraph(given);
    expect(opsOf(made)).toEqual(['convolution']);
    expectSameValues(made, given);
  });

  it('makes one of two that stand behind one another', () => {
    const nodes = [node('multiplication', ['x', 'p'], 'm'), node('sum', ['m', 'q'], 'y')];
    const given = graphOf(nodes, { p: channels, q: one });
    const made = simplifyGraph(given);
    expect(opsOf(made)).toEqual(['scale-shift']);
    expectSameValues(made, given);
  });
});

describe('recognise', () => {
  const numbers = { three: parameter([], 3), six: parameter([1], 6), sixth: parameter([], Math.fround(1 / 6)) };
  const clamped = [node('sum', ['x', 'three'], 's'), node('clamp', ['s'], 'c', { min: 0, max: 6 })];
  it.each([
    ['hard-sigmoid', [...clamped, node('division', ['c', 'six'], 'y')]],
    ['hard-sigmoid', [...clamped, node('multiplication', ['sixth', 'c'], 'y')]],
    ['hard-swish', [...clamped, node('multiplication', ['x', 'c'], 'm'), node('division', ['m', 'six'], 'y')]],
    ['hard-swish', [...clamped, node('multiplication', ['c', 'x'], 'm'), node('multiplication', ['m', 'sixth'], 'y')]],
    ['hard-swish', [...clamped, node('division', ['c', 'six'], 'd'), node('multiplication', ['x', 'd'], 'y')]],
    [
      'hard-swish',
      [node('hard-sigmoid', ['x'], 'h', { slope: 1 / 6, offset: 0.5 }), node('multiplication', ['h', 'x'], 'y')],
    ],
    ['swish', [node('sigmoid', ['x'], 's'), node('multiplication', ['x', 's'], 'y')]],
  ] as const)('%s written out, case %#', (op, nodes) => {
    const given = graphOf(nodes, numbers);
    const made = recognise(given);
    expect(opsOf(made)).toEqual([op]);
    expectSameValues(made, given);
  });

  it.each([
    ['another number', [...clamped, node('division', ['c', 'three'], 'y')]],
    ['a quotient the other way round', [...clamped, node('division', ['six', 'c'], 'y')]],
    [
      'another gate',
      [node('hard-sigmoid', ['x'], 'h', { slope: 0.2, offset: 0.5 }), node('multiplication', ['h', 'x'], 'y')],
    ],
    [
      'a gate of something else',
      [node('relu', ['x'], 'r'), node('sigmoid', ['r'], 's'), node('multiplication', ['x', 's'], 'y')],
    ],
  ] as const)('leaves %s', (_what, nodes) => {
    const given = graphOf(nodes, numbers);
    expect(recognise(given)).toBe(given);
  });

  it('leaves what somebody else reads', () => {
    const nodes = [node('sigmoid', ['x'], 's'), node('multiplication', ['x', 's'], 'y')];
    const given = graphOf(nodes, {}, ['y', 's']);
    expect(recognise(given)).toBe(given);
  });

  it('leaves a number that gives its result more axes', () => {
    const given = graphOf([...clamped, node('division', ['c', 'p'], 'y')], {
      ...numbers,
      p: parameter([1, 1, 1, 1, 1], 6),
    });
    expect(recognise(given)).toBe(given);
  });
});
