/** Networks that are written as tfjs layers models and read again compute the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { runGraph } from '../../src/graph/run-graph.ts';
import { buildNetwork } from '../../src/networks/index.ts';
import type { Network, NodeOp } from '../../src/networks/network.ts';
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
const EPSILON = 2 ** -24;
/** Roundings of one value: products of a kernel (at most 9 · 18 here), or a few operations. */
const ROUNDINGS = 256;

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

async function asNetwork(written: WrittenModel, { inputs }: Drawn): Promise<Map<string, Tensor>> {
  return runNaive(await readLayersModel(written.json, shardOf(written)), inputs);
}

/** In N H W C, as the model has it. */
async function asGraph(written: WrittenModel, { inputs }: Drawn): Promise<Map<string, Tensor>> {
  const { graph } = await readLayersModelGraph(written.json, shardOf(written));
  const given = Object.entries(inputs).map(([name, value]) => {
    const { shape, data } = turned(value, [0, 2, 3, 1]);
    return [name, { shape, data: Float32Array.from(data) }];
  });
  const made = Object.entries(runGraph(graph, Object.fromEntries(given)));
  return new Map(
    made.map(([name, { shape, data }]) => [
      name,
      turned({ shape, data: Float64Array.from(data as Float32Array) }, [0, 3, 1, 2]),
    ]),
  );
}

/** What a few roundings of every node make of the sum of the magnitudes of all terms. */
function allowedErrors({ network, inputs }: Drawn): (name: string) => number {
  const absolute = Object.entries(inputs).map(([name, { shape, data }]) => [name, tensor(shape, data.map(Math.abs))]);
  const magnitudes = runNaive(magnitudesOf(network), Object.fromEntries(absolute));
  return (name) => ROUNDINGS * network.nodes.length * EPSILON * Math.max(...magnitudes.get(name)!.data);
}

function expectNear(drawn: Drawn, got: ReadonlyMap<string, Tensor>): void {
  const expected = runNaive(drawn.network, drawn.inputs);
  const allowed = allowedErrors(drawn);
  for (const name of drawn.network.outputs) {
    const { shape, data } = expected.get(name)!;
    const output = got.get(name);
    expect(output?.shape, name).toEqual(shape);
    // Math.max keeps a NaN, which no bound allows.
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - output!.data[i])), 0);
    expect(worst, name).toBeLessThanOrEqual(allowed(name));
  }
}

const RUNS = [
  ['a network', asNetwork],
  ['a graph in N H W C', asGraph],
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
