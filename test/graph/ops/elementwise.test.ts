/** Operations element by element: what their definitions leave open by hand, and what runs against naive loops. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSelection } from '../../../src/dispatch/select.ts';
import type { Graph, Node } from '../../../src/graph/graph.ts';
import { inferTypes } from '../../../src/graph/infer.ts';
import { lowerNode } from '../../../src/graph/lower.ts';
import { parseGraph } from '../../../src/graph/parse-graph.ts';
import { simplifyFor, simplifyGraph } from '../../../src/graph/passes/simplify.ts';
import { runGraph } from '../../../src/graph/run-graph.ts';
import { type Dtype, parameterOf } from '../../../src/graph/values.ts';
import { type Context, createContext } from '../../../src/index.ts';
import { sizeOf } from '../../../src/tensor/ndarray.ts';
import { runs } from '../../support/runs.ts';
import { randomNumbers } from '../arbitrary.ts';
import { runNode } from './run-node.ts';

interface Value {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

const vector = (dtype: Dtype, ...numbers: number[]): Value => ({ dtype, shape: [numbers.length], numbers });
const floats = (...numbers: number[]): Value => vector('float32', ...numbers);

/** One node of inputs that come as the graph runs, or are constants. */
function graphOf(op: string, attributes: object, inputs: readonly (Value | null)[], constants = 0): Graph {
  const names = inputs.map((input, i) => (input === null ? null : `x${i}`));
  const isConstant = (i: number) => i >= inputs.length - constants;
  const parameters = inputs.flatMap((input, i) => {
    if (input === null || !isConstant(i)) return [];
    const data = Float64Array.from(input.numbers);
    return [[`x${i}`, parameterOf({ shape: input.shape, data }, input.dtype, 'constant')] as const];
  });
  const given = inputs.flatMap((input, i) => {
    return input === null || isConstant(i) ? [] : [[`x${i}`, { dtype: input.dtype, shape: input.shape }] as const];
  });
  return parseGraph({
    name: 'one',
    inputs: new Map(given),
    parameters: new Map(parameters),
    nodes: [{ name: 'y', op, inputs: names, outputs: ['y'], attributes } as unknown as Node],
    outputs: ['y'],
  });
}

/** The type and numbers of what a graph of one node makes as it runs. */
function made(op: string, attributes: object, ...inputs: readonly (Value | null)[]) {
  const graph = graphOf(op, attributes, inputs);
  const given = inputs.flatMap((input, i) => {
    if (input === null) return [];
    const { data } = parameterOf({ ...input, data: Float64Array.from(input.numbers) }, input.dtype, 'constant');
    return [[`x${i}`, { data, shape: input.shape }] as const];
  });
  const { y } = runGraph(graph, Object.fromEntries(given) as never);
  return { dtype: inferTypes(graph).get('y')?.dtype, numbers: [...y.data].map(Number) };
}

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const GREATEST = 2 ** 127 * (2 - 2 ** -23);

describe('arithmetic', () => {
  it('divides whole numbers without what is behind the point', () => {
    const quotient = made('division', {}, vector('int32', 7, -7, 7, -7), vector('int32', 2, 2, -2, -2));
    expect(quotient).toEqual({ dtype: 'int32', numbers: [3, -3, -3, 3] });
    expect(made('division', {}, floats(7, 1), floats(2, 0)).numbers).toEqual([3.5, infinity]);
  });

  it('raises to a power of another type', () => {
    const squares = made('power', {}, vector('int32', 2, 3), floats(2, 3));
    expect(squares).toEqual({ dtype: 'int32', numbers: [4, 27] });
    expect(made('power', {}, floats(2, 9), vector('int64', -1, 2))).toEqual({ dtype: 'float32', numbers: [0.5, 81] });
  });

  it('leaves what is over with the sign of either', () => {
    const [a, b] = [vector('int32', 7, -7, 7, -7, 6), vector('int32', 3, 3, -3, -3, 3)];
    expect(made('modulo', {}, a, b).numbers).toEqual([1, 2, -2, -1, 0]);
    expect(made('remainder', {}, a, b).numbers.map((x) => x + 0)).toEqual([1, -1, 1, -1, 0]);
  });

  it('rounds to the nearest, and to even between two', () => {
    const x = floats(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.499, -2.51, 2 ** 23 + 1, infinity, nan);
    expect(made('rounding', {}, x).numbers).toEqual([-2, -2, -0, 0, 2, 2, 2, -3, 2 ** 23 + 1, infinity, nan]);
  });

  it.each([
    ['minimum', [nan, nan, 1]],
    ['maximum', [nan, nan, 2]],
  ])('%s is NaN where an input is', (op, expected) => {
    expect(made(op, {}, floats(nan, 1, 1), floats(1, nan, 2)).numbers).toEqual(expected);
  });

  it('takes the mean of any number of inputs', () => {
    expect(made('mean', {}, floats(1, 2), floats(3), floats(5, 9)).numbers).toEqual([3, Math.fround(14 / 3)]);
  });
});

describe('truth', () => {
  it('compares, and NaN with nothing', () => {
    const [a, b] = [floats(1, 2, nan), floats(1, 3, nan)];
    expect(made('equality', {}, a, b)).toEqual({ dtype: 'bool', numbers: [1, 0, 0] });
    expect(made('less', {}, a, b)).toEqual({ dtype: 'bool', numbers: [0, 1, 0] });
    expect(made('less-or-equal', {}, a, b).numbers).toEqual([1, 1, 0]);
    expect(made('greater-or-equal', {}, a, b).numbers).toEqual([1, 0, 0]);
    expect(made('greater', {}, b, a).numbers).toEqual([0, 1, 0]);
  });

  it.each([
    ['and', [0, 0, 0, 1]],
    ['or', [0, 1, 1, 1]],
    ['exclusive-or', [0, 1, 1, 0]],
    ['equality', [1, 0, 0, 1]],
  ])('%s', (op, expected) => {
    expect(made(op, {}, vector('bool', 0, 0, 1, 1), vector('bool', 0, 1, 0, 1)).numbers).toEqual(expected);
  });

  it('finds what is no number, or without end', () => {
    const x = floats(0, nan, infinity, -infinity);
    expect(made('is-nan', {}, x)).toEqual({ dtype: 'bool', numbers: [0, 1, 0, 0] });
    expect(made('is-infinite', {}, x).numbers).toEqual([0, 0, 1, 1]);
    expect(made('is-infinite', { negative: false }, x).numbers).toEqual([0, 0, 1, 0]);
  });

  it('chooses, also NaN and infinities', () => {
    const chosen = made('selection', {}, vector('bool', 1, 0), floats(infinity, nan), floats(nan, 3));
    expect(chosen).toEqual({ dtype: 'float32', numbers: [infinity, 3] });
  });
});

describe('activations', () => {
  it.each([
    ['sigmoid', {}, -100, Math.exp(-100)],
    ['sigmoid', {}, 100, 1],
    ['softplus', {}, 1000, 1000],
    ['softplus', {}, -80, Math.exp(-80)],
    ['mish', {}, 1000, 1000],
    // Φ(−10) from tables of the normal distribution.
    ['gelu', {}, -10, -10 * 7.619853024160525e-24],
    ['gelu', { isApproximate: true }, 1, 0.84119199060852767],
    ['elu', { alpha: 2, scale: 3 }, -1e-6, 6 * Math.expm1(-1e-6)],
    ['celu', { alpha: 2 }, -1, 2 * Math.expm1(-0.5)],
    ['hard-sigmoid', { slope: 0.2, offset: 0.5 }, 1, 0.7],
    ['hard-swish', {}, 1, 4 / 6],
    ['thresholded-relu', { threshold: 1 }, 1, 0],
    ['shrinkage', { threshold: 1, offset: 0.5 }, -2, -1.5],
    ['swish', { slope: 2 }, 1, 1 / (1 + Math.exp(-2))],
  ])('%s %j of %d is %d', (op, attributes, x, expected) => {
    const [y] = made(op, attributes, floats(x)).numbers;
    expect(Math.abs(y - expected)).toBeLessThanOrEqual(2 ** -23 * Math.abs(expected) + 2 ** -149);
  });

  it('holds whole numbers to 0', () => {
    expect(made('relu', {}, vector('int8', -3, 4))).toEqual({ dtype: 'int8', numbers: [0, 4] });
    expect(() => graphOf('relu', { negativeSlope: 0.5 }, [vector('int8', 1)])).toThrow('floating-point');
  });
});

describe('clip', () => {
  const x = floats(-infinity, -1, 5, infinity, nan);

  it.each([
    [[], [-GREATEST, -1, 5, GREATEST, nan]],
    [[floats(0)], [0, 0, 5, GREATEST, nan]],
    [
      [null, floats(2)],
      [-GREATEST, -1, 2, 2, nan],
    ],
    // Where the bounds stand the wrong way around, the second has the last word.
    [
      [floats(3), floats(2)],
      [2, 2, 2, 2, nan],
    ],
  ])('holds to %j', (bounds, expected) => {
    expect(made('clip', {}, x, ...bounds).numbers).toEqual(expected);
    const graph = graphOf('clip', {}, [x, ...bounds], bounds.length);
    const y = runGraph(graph, { x0: { data: Float32Array.from(x.numbers), shape: [5] } }).y.data;
    expect([...y]).toEqual(expected);
  });

  it('is a clamp where its bounds are constants', () => {
    const { nodes } = simplifyGraph(graphOf('clip', {}, [x, floats(0), floats(6)], 2));
    expect(nodes).toMatchObject([{ op: 'clamp', inputs: ['x0'], attributes: { min: 0, max: 6 } }]);
  });

  it('takes whole numbers, which have no end of their own', () => {
    expect(made('clip', {}, vector('int8', -100, 100), null, vector('int8', 9)).numbers).toEqual([-100, 9]);
  });

  it('refuses bounds of several elements', () => {
    expect(() => graphOf('clip', {}, [x, floats(1, 2)])).toThrow('a bound is [2], expected one element');
  });
});

describe('conversion', () => {
  it.each<[Dtype, Dtype, readonly number[], readonly number[]]>([
    ['float32', 'int32', [1.9, -1.9, nan, infinity, -1e20], [1, -1, 0, 2 ** 31 - 1, -(2 ** 31)]],
    ['float32', 'uint8', [300, -4, 255.9], [255, 0, 255]],
    ['int32', 'int8', [200, -129, 127], [-56, 127, 127]],
    ['float32', 'bool', [0, -0, 0.1, nan, -2], [0, 0, 1, 1, 1]],
    ['bool', 'float32', [0, 1], [0, 1]],
    ['float32', 'float16', [1 + 2 ** -11, 65520, 1e-9], [1, infinity, 0]],
    ['float32', 'bfloat16', [257, 259, nan], [256, 260, nan]],
  ])('of %s to %s', (from, dtype, numbers, expected) => {
    expect(made('conversion', { dtype }, vector(from, ...numbers))).toEqual({ dtype, numbers: expected });
    expect(made('conversion-like', {}, vector(from, ...numbers), vector(dtype, 1))).toEqual({
      dtype,
      numbers: expected,
    });
  });

  it('to the same type is nothing', () => {
    const graph = graphOf('conversion-like', {}, [floats(1), floats(2)]);
    expect(simplifyFor(simplifyGraph(graph), graph.inputs).nodes).toMatchObject([{ op: 'identity' }]);
  });
});

describe('errors', () => {
  it.each([
    ['square-root', [vector('int32', 1)], 'input is of type int32, expected a floating-point type'],
    ['negation', [vector('bool', 1)], 'input is of type bool'],
    ['not', [floats(1)], 'input is of type float32'],
    ['subtraction', [floats(1), vector('int32', 1)], 'inputs are of the types float32 and int32'],
    ['and', [floats(1), floats(1)], 'inputs are of type float32'],
    ['parametric-relu', [floats(1), floats(1, 2)], 'slopes are [2], expected a shape that is stretched to that'],
    ['power', [vector('bool', 1), floats(1)], 'an input is of type bool'],
    ['selection', [floats(1), floats(1), floats(1)], 'expected bool and twice one type'],
    ['division', [floats(1, 2), floats(1, 2, 3)], 'expected shapes that are equal but for sizes of 1'],
  ])('of %s', (op, inputs, text) => {
    expect(() => graphOf(op, {}, inputs)).toThrow(text);
  });

  it('of attributes', () => {
    expect(() => graphOf('elu', { alpha: nan, scale: 1 }, [floats(1)])).toThrow(
      'alpha is NaN, expected a finite number',
    );
    expect(() => graphOf('conversion', { dtype: 'int7' }, [floats(1)])).toThrow("dtype is 'int7'");
  });
});

describe('what runs', () => {
  let contexts: Context[];
  beforeAll(async () => {
    contexts = await Promise.all(
      (['scalar', 'auto'] as const).map((kernels) => createContext({ kernels, threads: 1 })),
    );
  });
  afterAll(() => {
    for (const context of contexts) context.dispose();
  });

  /** Runs the one node of a graph by its kernel, and holds it to numbers in double, rounded once. */
  function expectRuns(op: string, inputs: readonly Value[], shape: readonly number[], numbers: readonly number[]) {
    const graph = graphOf(op, {}, inputs);
    const types = inferTypes(graph);
    const tensors = inputs.map((input) => ({ shape: input.shape, data: Float64Array.from(input.numbers) }));
    for (const context of contexts) {
      const compiled = lowerNode(graph, graph.nodes[0], types, parseSelection('test', {}), context);
      expect(compiled.isReference).toBe(false);
      expect([...runNode(context, compiled, tensors, [sizeOf(shape)])[0]]).toEqual(numbers.map(Math.fround));
    }
  }

  const several: readonly (readonly [string, (...values: number[]) => number])[] = [
    // Of three terms, the sum of two is rounded as well.
    ['sum', (...terms) => terms.reduce((a, b) => Math.fround(a + b))],
    ['subtraction', (a, b) => a - b],
    ['multiplication', (a, b) => a * b],
    ['division', (a, b) => a / b],
    ['minimum', (...values) => Math.min(...values)],
    ['maximum', (...values) => Math.max(...values)],
    ['parametric-relu', (x, slope) => (x < 0 ? x * slope : x)],
  ];

  /** Shapes that are stretched to one, which is the first of the list; any axis of each may be 1 or missing. */
  const shapes = (count: number) =>
    fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }).chain((shape) => {
      const one = fc
        .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
        .map(([missing, ones]) => shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(missing));
      return fc.tuple(fc.constant(shape), ...Array.from({ length: count - 1 }, () => one));
    });

  it('goes through stretched inputs as loops over their indices do', () => {
    const operation = fc.constantFrom(...several);
    const property = fc.property(operation, fc.boolean(), shapes(3), fc.nat(1 << 20), ([op, f], three, all, seed) => {
      const isOfAny = ['sum', 'minimum', 'maximum'].includes(op);
      const used = three && isOfAny ? all : all.slice(0, 2);
      const inputs = used.map((shape, i) => ({
        dtype: 'float32' as const,
        shape,
        numbers: [...randomNumbers(seed + i, sizeOf(shape))],
      }));
      const [shape] = used;
      const y = Array.from({ length: sizeOf(shape) }, (_, at) => {
        const values = inputs.map((input) => {
          // From the last axis on: where the element stands along it, if the input has more than one there.
          let [rest, place, step] = [at, 0, 1];
          for (let back = 1; back <= shape.length; back++) {
            const index = rest % shape[shape.length - back];
            rest = Math.floor(rest / shape[shape.length - back]);
            const size = input.shape[input.shape.length - back] ?? 1;
            if (size > 1) place += index * step;
            step *= size;
          }
          return input.numbers[place];
        });
        return f(...values);
      });
      expectRuns(op, inputs, shape, y);
    });
    fc.assert(property, { numRuns: runs(150) });
  });

  it.each<[string, (x: number) => number]>([
    ['square-root', (x) => x ** 0.5],
    ['negation', (x) => 0 - x],
    ['absolute-value', (x) => (x < 0 ? 0 - x : x)],
    ['reciprocal', (x) => x ** -1],
    ['floor', (x) => x - (((x % 1) + 1) % 1)],
    ['ceiling', (x) => -(-x - (((-x % 1) + 1) % 1))],
  ])('has a loop of %s', (op, f) => {
    const numbers = [...randomNumbers(7, 40)].map((x) => Math.fround(op === 'square-root' ? Math.abs(x) : 8 * x));
    expectRuns(op, [floats(...numbers)], [40], numbers.map(f));
  });
});
