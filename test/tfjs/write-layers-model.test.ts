/** Networks that are written as tfjs layers models and read again compute the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { buildNetwork } from '../../src/networks/index.ts';
import type { Network, NetworkNode, NodeOp } from '../../src/networks/network.ts';
import type { PerAxis } from '../../src/tensor/convolution-shape.ts';
import { readLayersModel, readLayersModelGraph } from '../../src/tfjs/index.ts';
import { reordered } from '../../src/tfjs/orders.ts';
import { type WrittenModel, writeLayersModel } from '../../src/tfjs/write-layers-model.ts';
import { type Drawn, drawnNetwork, randomNumbers } from '../networks/arbitrary.ts';
import { magnitudesOf, runNaive, type Tensor, tensor } from '../networks/naive.ts';
import { failure } from '../support/failure.ts';
import { runs } from '../support/runs.ts';

const LAYERS: readonly NodeOp[] = [
  ...(['convolution', 'convolution', 'fully-connected', 'max-pooling', 'average-pooling', 'relu'] as const),
  ...(['global-average-pooling', 'batch-normalisation', 'scale-shift', 'concatenation', 'addition'] as const),
  ...(['resize', 'dropout', 'identity', 'flatten'] as const),
];
const shardOf =
  ({ shards }: WrittenModel) =>
  (path: string) =>
    shards.get(path) ?? new Uint8Array(0);

/** Full sizes, which columns behind a picture need. */
function sized({ network, inputs, ...rest }: Drawn): Drawn {
  const shapes = network.inputs.map(({ name }) => ({ name, shape: inputs[name].shape.slice(1) }));
  return { ...rest, inputs, network: { ...network, inputs: shapes } };
}

function turned({ shape, data }: Tensor, order: readonly number[]): Tensor {
  if (shape.length !== 4) return { shape, data };
  const made = new Float64Array(data.length);
  reordered(data, shape, order, made);
  return { shape: order.map((axis) => shape[axis]), data: made };
}

/** Values by name, and the unit of what each operation on the way may have rounded. */
interface Made {
  readonly values: ReadonlyMap<string, Tensor>;
  readonly unit: number;
}

type Make = (written: WrittenModel, drawn: Drawn) => Promise<Made>;

const DOUBLE = 2 ** -53;
const SINGLE = 2 ** -24;

const asNetwork: Make = async (written, { inputs }) => {
  return { values: runNaive(await readLayersModel(written.json, shardOf(written)), inputs), unit: DOUBLE };
};

/** In N H W C, as the model has it. */
const asGraph: Make = async (written, { inputs }) => {
  const { graph } = await readLayersModelGraph(written.json, shardOf(written));
  const given = Object.entries(inputs).map(([name, value]) => [name, turned(value, [0, 2, 3, 1])]);
  const values = evaluateGraph(graph, Object.fromEntries(given));
  return {
    values: new Map(graph.outputs.map((name) => [name, turned(values.get(name)!, [0, 3, 1, 2])])),
    unit: DOUBLE,
  };
};

/** The same, as it runs where no tile amplifies what is rounded. */
const asRun: Make = async (written, { inputs }) => {
  const { graph } = await readLayersModelGraph(written.json, shardOf(written));
  const given = Object.entries(inputs).map(([name, value]) => {
    const { shape, data } = turned(value, [0, 2, 3, 1]);
    return [name, { shape, data: Float32Array.from(data) }];
  });
  const made = Object.entries(runGraph(graph, Object.fromEntries(given), { algorithm: 'implicit-gemm' }));
  const values = made.map(([name, { shape, data }]): [string, Tensor] => {
    return [name, turned({ shape, data: Float64Array.from(data as Float32Array) }, [0, 3, 1, 2])];
  });
  return { values: new Map(values), unit: SINGLE };
};

/** A node's numbers, once they are folded into a neighbour's: a root, a quotient and a product. */
const FOLDED = 3;

/** How often at most a term of what a node adds up is rounded, in any order, its activation among it. */
function roundingsOf(node: NetworkNode, [, , ...pixels]: readonly number[]): number {
  switch (node.op) {
    case 'convolution':
    case 'fully-connected': {
      // A product, an addition for each of the others and the bias, and a slope.
      const terms = node.kernel.data.length / node.kernel.shape[0];
      return terms + 2 + FOLDED;
    }
    case 'average-pooling': {
      const { height, width } = perAxis(node.poolingSize);
      return height * width + 1;
    }
    case 'global-average-pooling':
      return pixels.reduce((product, size) => product * size, 1) + 1;
    case 'batch-normalisation':
    case 'scale-shift':
      // The mean is taken away or multiplied, epsilon, root, quotient, product, and two sums.
      return 7 + FOLDED;
    case 'resize': {
      // Weights are multiples of half a step, and rounded as 1 is; then a difference, a product and a sum, for each axis.
      const { height, width } = perAxis(node.scale);
      return 2 * (height + width) + 6;
    }
    case 'addition':
      return node.inputs.length;
    case 'relu':
      return 1;
    default:
      return 0;
  }
}

function perAxis(value: PerAxis) {
  return typeof value === 'number' ? { height: value, width: value } : value;
}

/**
 * A result is a sum of products, each of which was rounded at most so often on its way through all nodes:
 *
 *     |ŷ − y|  ≤  ((1 + u)ⁿ − 1) · M        M: the same sum of magnitudes
 *
 * Maxima and activations bring no two values further apart. What is less than a float32 holds is rounded by that much.
 */
function allowedError(drawn: Drawn, values: ReadonlyMap<string, Tensor>, unit: number): (magnitude: number) => number {
  const shapeOf = ({ inputs: [first] }: NetworkNode) => values.get(first)!.shape;
  const { nodes } = drawn.network;
  const count = nodes.reduce((sum, node) => sum + roundingsOf(node, shapeOf(node)), 0);
  const smallest = unit === SINGLE ? nodes.length * 2 ** -140 : 0;
  // What it is compared with, and M, are themselves rounded in double.
  const relative = Math.expm1(count * Math.log1p(unit)) + 2 * Math.expm1(count * Math.log1p(DOUBLE));
  return (magnitude) => relative * magnitude + smallest;
}

function expectNear(drawn: Drawn, { values: got, unit }: Made): void {
  const { network, inputs } = drawn;
  const expected = runNaive(network, inputs);
  const absolute = Object.entries(inputs).map(([name, { shape, data }]) => [name, tensor(shape, data.map(Math.abs))]);
  const magnitudes = runNaive(magnitudesOf(network), Object.fromEntries(absolute));
  const allowed = allowedError(drawn, expected, unit);
  for (const name of network.outputs) {
    const { shape, data } = expected.get(name)!;
    const output = got.get(name)!;
    expect(output.shape, name).toEqual(shape);
    const magnitude = magnitudes.get(name)!.data;
    // NaN is within no bound.
    const wrong = data.findIndex((value, i) => !(Math.abs(value - output.data[i]) <= allowed(magnitude[i])));
    if (wrong >= 0) expect.fail(`${name}[${wrong}] is ${output.data[wrong]}, expected ${data[wrong]}`);
  }
}

const RUNS = [
  ['a network', asNetwork],
  ['a graph in N H W C', asGraph],
  ['a graph in N H W C that runs', asRun],
] as const;

describe('a network that is written and read', () => {
  it.each(RUNS)('as %s gives the same results', async (_, run) => {
    const written = new Map<NodeOp, number>();
    const property = fc.asyncProperty(drawnNetwork({ ops: LAYERS, size: 7, nodes: 6 }), async (any) => {
      const drawn = sized(any);
      let model: WrittenModel;
      try {
        model = writeLayersModel(drawn.network);
      } catch (error) {
        // Windows that hang over, say, are said otherwise.
        if (error instanceof NnpackError && error.code === 'unsupported-layer') return;
        throw error;
      }
      expectNear(drawn, await run(model, drawn));
      for (const { op } of drawn.network.nodes) written.set(op, (written.get(op) ?? 0) + 1);
    });
    await fc.assert(property, { numRuns: runs(200) });
    // Each of them was there.
    for (const op of LAYERS) expect(written.get(op) ?? 0, op).toBeGreaterThan(2);
  });

  it('has the same numbers: a narrow VGG-16, fully-connected behind a picture', async () => {
    const network = buildNetwork('vgg-16', { seed: 1, width: 0.05 });
    const written = writeLayersModel(network);
    const read = await readLayersModel(written.json, shardOf(written));
    expect(read.inputs).toEqual(network.inputs);
    const numbersIn = ({ nodes }: Network) =>
      nodes.flatMap((node) => ('kernel' in node ? [node.kernel, node.bias] : []));
    expect(numbersIn(read)).toEqual(numbersIn(network));
  });

  it('has kernels as Keras lays them out', () => {
    const kernel = { data: Float32Array.from({ length: 8 }, (_, i) => i), shape: [4, 1, 1, 2] };
    const rows = { data: Float32Array.from({ length: 8 }, (_, i) => i), shape: [1, 8] };
    const written = writeLayersModel({
      name: 'layouts',
      inputs: [{ name: 'x', shape: [2, 1, 3] }],
      nodes: [
        { op: 'convolution', name: 'deep', inputs: ['x'], kernel, groups: 2 },
        { op: 'flatten', name: 'flat', inputs: ['deep'] },
        { op: 'fully-connected', name: 'y', inputs: ['flat'], kernel: rows },
      ],
      outputs: ['y'],
    });
    const [group] = JSON.parse(written.json).weightsManifest;
    expect(group.weights.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape])).toEqual([
      ['deep/depthwise_kernel', [1, 2, 2, 2]],
      ['y/kernel', [8, 1]],
    ]);
    const bytes = written.shards.get(group.paths[0])!;
    // Taps first, then channels; columns of C H W = [4, 1, 2] as H W C.
    const numbers = new Float32Array(bytes.slice().buffer);
    expect([...numbers]).toEqual([...[0, 2, 4, 6, 1, 3, 5, 7], ...[0, 2, 4, 6, 1, 3, 5, 7]]);
  });

  it.each(RUNS)('as %s says a padding, bounds and countPadding in layers of their own', async (_, run) => {
    const input = [{ name: 'x', shape: [2, 5, 4] }];
    const inputs = ['x'];
    const network: Network = {
      name: 'parts',
      inputs: input,
      nodes: [
        { op: 'pad', name: 'pad', inputs, padding: { top: 1, left: 2 } },
        { op: 'clamp', name: 'held', inputs, min: 0, max: 0.5 },
        { op: 'average-pooling', name: 'mean', inputs, poolingSize: 3, stride: 2, padding: 1, countPadding: true },
        { op: 'flatten', name: 'flat', inputs },
        { op: 'addition', name: 'sum', inputs: ['x', 'held'], activation: { type: 'clamp', min: 0, max: 0.75 } },
      ],
      outputs: ['pad', 'held', 'mean', 'flat', 'sum', 'x'],
    };
    const drawn = { network, inputs: { x: tensor([2, 2, 5, 4], randomNumbers(1, 80)) }, batch: 2 };
    expectNear(drawn, await run(writeLayersModel(network), drawn));
  });

  it('is refused for all that Keras says otherwise', () => {
    const inputs = ['x'];
    const network: Network = {
      name: 'refused',
      inputs: [{ name: 'x', shape: [1, 6, 6] }],
      nodes: [
        { op: 'local-response-normalisation', name: 'lrn', inputs, size: 3, alpha: 1, beta: 0.75, bias: 1 },
        { op: 'clamp', name: 'held', inputs, min: -1, max: 1 },
        { op: 'pad', name: 'mirror', inputs, padding: 1, mode: 'reflect' },
        { op: 'max-pooling', name: 'over', inputs, poolingSize: 4, convention: 'full' },
        { op: 'max-pooling', name: 'around', inputs, poolingSize: 3, padding: 1 },
        { op: 'relu', name: 'y', inputs },
      ],
      outputs: ['lrn', 'held', 'mirror', 'over', 'around', 'y'],
    };
    const error = failure(() => writeLayersModel(network));
    expect(error).toMatchObject({ code: 'unsupported-layer' });
    expect(error.message).toBe(
      "network: what Keras says otherwise: local-response-normalisation 'lrn' (is no layer), " +
        "clamp 'held' (holds values between -1 and 1), pad 'mirror' (reflect), " +
        "max-pooling 'over' (has windows that hang over), max-pooling 'around' (leaves out a padding of its own)",
    );
  });
});
