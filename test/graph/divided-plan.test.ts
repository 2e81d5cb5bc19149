/** Graphs in parts where memory is short: the bits of the whole, pictures first or channels last, and what is refused. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext } from '../../src/context/context.ts';
import { parseSelection } from '../../src/dispatch/select.ts';
import { planDivided } from '../../src/graph/divided-plan.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { bindInputs } from '../../src/graph/infer.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import type { Name, Parameter, Size } from '../../src/graph/values.ts';
import { makeTensor, sizeOf, type TensorLike, type TypedTensor } from '../../src/tensor/ndarray.ts';
import { failure } from '../support/failure.ts';
import { randomNumbers } from './arbitrary.ts';

let context: Context;
beforeAll(async () => {
  context = await createContext({ threads: 2 });
});
afterAll(() => {
  expect(context.describe().usedBytes).toBe(0);
  context.dispose();
});

// The default implementation adds up in an order that does not depend on where a pixel is.
const exact = { algorithm: 'implicit-gemm' } as const;

function parameter(shape: readonly number[], seed = 1): Parameter {
  return { type: { dtype: 'float32', shape }, data: randomNumbers(seed, sizeOf(shape)), role: 'weight' };
}

/** A network for super-resolution: convolutions, what works pixel by pixel, and channels that become pixels. */
function enlarging(
  shape: readonly Size[],
  before: readonly Node[],
  after: readonly Node[],
  others: readonly Node[] = [],
): Graph {
  const [from, to] = [before.at(-1)?.outputs[0] ?? 'x', after[0]?.inputs[0] ?? 'y'];
  return {
    name: 'enlarging',
    inputs: new Map([['x', { dtype: 'float32', shape }]]),
    parameters: new Map([
      ['k1', parameter([8, 3, 5, 5], 1)],
      ['k2', parameter([12, 8, 3, 3], 2)],
      ['half', parameter([], 3)],
      ['picture', parameter([1, 8, 40, 50], 4)],
      ['each', parameter([1, 8, 1, 1], 5)],
    ]),
    nodes: [
      ...before,
      { name: 'a', op: 'convolution', inputs: [from, 'k1'], outputs: ['a'], attributes: { padding: 'same' } },
      { name: 'g', op: 'sigmoid', inputs: ['a'], outputs: ['g'], attributes: {} },
      { name: 'gated', op: 'multiplication', inputs: ['a', 'g'], outputs: ['gated'], attributes: {} },
      { name: 'scaled', op: 'multiplication', inputs: ['half', 'gated'], outputs: ['scaled'], attributes: {} },
      { name: 'moved', op: 'sum', inputs: ['scaled', 'each', 'a'], outputs: ['moved'], attributes: {} },
      ...others,
      {
        ...{ name: 'b', op: 'convolution', inputs: [others.at(-1)?.outputs[0] ?? 'moved', 'k2'], outputs: ['b'] },
        attributes: { padding: { top: 0, right: 1, bottom: 2, left: 1 } },
      },
      {
        name: 'd',
        op: 'depth-to-space',
        inputs: ['b'],
        outputs: [to],
        attributes: { blockSize: 2, order: 'block-first' },
      },
      ...after,
    ],
    outputs: ['y'],
  };
}

const turn = (from: Name, to: Name, permutation: readonly number[]): Node => ({
  ...{ name: `${to} turned`, op: 'transpose', inputs: [from], outputs: [to] },
  attributes: { permutation },
});

const planes = enlarging(['N', 3, 'H', 'W'], [], []);
const pixels = enlarging(['N', 'H', 'W', 3], [turn('x', 'first', [0, 3, 1, 2])], [turn('last', 'y', [0, 2, 3, 1])]);
const half = enlarging(['N', 'H', 'W', 3], [turn('x', 'first', [0, 3, 1, 2])], []);

interface Divided {
  readonly parts: number;
  readonly bytes: number;
  readonly y: TypedTensor;
}

function divided(given: Graph, x: TensorLike, bytes: number): Divided {
  const graph = parseGraph(given);
  const inputs = bindInputs('test', graph, new Map([['x', x.shape]]));
  const selection = parseSelection('test', exact);
  const plan = planDivided({ who: 'test', graph, inputs, areImagesApart: false, selection, bytes, context });
  try {
    return { parts: plan.parts, bytes: plan.bytes, y: plan.run({ x }).y };
  } finally {
    plan.dispose();
  }
}

describe('a graph in parts', () => {
  it.each([
    ['N C H W', planes, [1, 3, 40, 50]],
    ['N C H W, a batch of 3', planes, [3, 3, 17, 50]],
    ['N H W C', pixels, [1, 40, 50, 3]],
    ['N H W C, a batch of 2', pixels, [2, 40, 21, 3]],
    ['N H W C in, N C H W out', half, [1, 33, 50, 3]],
  ] as const)('gives the bits of the whole: %s', (_, graph, shape) => {
    const x = makeTensor(randomNumbers(7, sizeOf(shape)), shape);
    const { y: expected } = runGraph(graph, { x }, { ...exact, context });
    const whole = divided(graph, x, Infinity);
    expect([whole.parts, whole.y.shape]).toEqual([1, expected.shape]);
    expect(whole.y.data).toEqual(expected.data);
    fc.assert(
      fc.property(fc.double({ min: 0.15, max: 0.95, noNaN: true }), (share) => {
        const bytes = Math.round(share * whole.bytes);
        const { parts, bytes: taken, y } = divided(graph, x, bytes);
        expect(parts).toBeGreaterThan(1);
        expect(taken).toBeLessThanOrEqual(bytes);
        expect(y.shape).toEqual(expected.shape);
        expect(y.data).toEqual(expected.data);
      }),
      { numRuns: 4 },
    );
  });

  const greatest: Node = {
    ...{ name: 'z', op: 'reduction', inputs: ['y'], outputs: ['z'] },
    attributes: { by: 'maximum', axes: [0, 3], keepAxes: false },
  };
  it.each<[string, Node, (y: TypedTensor) => object]>([
    ['one value turned twice', turn('last', 'z', [0, 2, 3, 1]), ({ shape, data }) => ({ shape, data })],
    [
      'truths',
      { name: 'z', op: 'is-nan', inputs: ['y'], outputs: ['z'], attributes: {} },
      ({ shape, data }) => ({ shape, data: new Uint8Array(data.length) }),
    ],
    [
      'what has no batch',
      greatest,
      ({ shape: [, height, width, channels], data }) => {
        const most = new Float32Array(height * width).fill(-Infinity);
        data.forEach((value: number | bigint, i: number) => {
          const pixel = Math.floor(i / channels) % most.length;
          most[pixel] = Math.max(most[pixel], Number(value));
        });
        return { shape: [height, width], data: most };
      },
    ],
  ])('gives pictures as they lie, whatever else it gives: %s', (_, node, expected) => {
    const graph = { ...pixels, nodes: [...pixels.nodes, node], outputs: ['z', 'y'] };
    const x = makeTensor(randomNumbers(7, 2 * 9 * 8 * 3), [2, 9, 8, 3]);
    const { y } = runGraph(pixels, { x }, { ...exact, context });
    const made = runGraph(graph, { x }, { ...exact, context });
    expect(made.y.data).toEqual(y.data);
    expect(made.z).toMatchObject(expected(y));
  });

  it('says what the smallest slice takes', () => {
    const x = makeTensor(new Float32Array(3 * 2000), [1, 3, 40, 50]);
    const error = failure(() => divided(planes, x, 1000));
    expect(error.code).toBe('out-of-memory');
    const bytes = Number(
      /^test: the smallest slice with its halo takes at least (\d+) bytes /.exec(error.message)?.[1],
    );
    expect(divided(planes, x, bytes).parts).toBeGreaterThan(50);
    expect(failure(() => divided(planes, x, bytes - 1)).message).toBe(
      error.message.replace(/1000.*$/, `${bytes - 1} bytes (0.0 MB)`),
    );
  });

  it.each([
    [
      'a constant as large as the picture',
      'sum',
      ['moved', 'picture'],
      "node 'other' (addition): it reads constants as a picture",
    ],
    [
      'rows that become columns',
      'transpose',
      ['moved'],
      "node 'other' (transpose): slices need the rows and columns where they are",
    ],
  ] as const)('refuses %s with the reason', (_, op, inputs, reason) => {
    const attributes = op === 'sum' ? {} : { permutation: [0, 1, 3, 2] };
    const graph = enlarging(
      ['N', 3, 'H', 'W'],
      [],
      [],
      [{ name: 'other', op, inputs, outputs: ['other'], attributes } as Node],
    );
    const x = makeTensor(new Float32Array(3 * 2000), [1, 3, 40, 50]);
    const error = failure(() => divided(graph, x, 1e5));
    expect(error.code).toBe('out-of-memory');
    expect(error.message).toMatch(/^test: takes at least \d+ bytes .*, and it cannot run in slices: node 'other'/);
    expect(error.message).toContain(reason);
  });
});
