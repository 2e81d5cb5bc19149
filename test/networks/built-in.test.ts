/**
 * The built-in networks, narrow, against their definition in double: every value of the accelerated path and of the default
 * implementation is as near to the reference as its node allows, for batches and eligibilities.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext } from '../../src/index.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import type { NetworkName } from '../../src/networks/definitions/names.ts';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import { optimize } from '../../src/networks/optimize.ts';
import { type NetworkOptions, planNetwork } from '../../src/networks/plan.ts';
import { makeTensor, sizeOf } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { expectWithin } from '../../src/testing/bounds.ts';
import { runNaive, type Tensor, tensor } from './naive.ts';
import { allowedError } from './propagate.ts';

const BATCHES = [1, 2, 5];
const MOST = Math.max(...BATCHES);
/** Channels by which the definitions are narrowed: 64 become 2, 512 become 16. */
const WIDTH = 1 / 32;

let context: Context;
/** On typed arrays, whose bounds are much tighter. */
let scalar: Context;

beforeAll(async () => {
  context = await createContext({ threads: 2 });
  scalar = await createContext({ threads: 2, kernels: 'scalar' });
});

afterAll(() => {
  context.dispose();
  scalar.dispose();
});

/** Biases and statistics that are not 0 and 1, as training would leave them, so that every term takes part. */
function withTraining(network: Network): Network {
  const next = uniform(5);
  const numbers = (size: number, from: number, spread: number) =>
    Float32Array.from({ length: size }, () => from + spread * next());
  const nodes = network.nodes.map((node): NetworkNode => {
    if (node.op === 'convolution' || node.op === 'fully-connected') {
      return { ...node, bias: numbers(node.kernel.shape[0], 0, 0.1) };
    }
    if (node.op !== 'batch-normalisation') return node;
    const size = node.gamma.length;
    const statistics = { mean: numbers(size, 0, 0.2), variance: numbers(size, 1, 0.5) };
    return { ...node, gamma: numbers(size, 1, 0.2), beta: numbers(size, 0, 0.1), ...statistics };
  });
  return { ...network, nodes };
}

/** The first images of a batch. */
function firstImages({ shape, data }: Tensor, batch: number): Tensor {
  const [all, ...image] = shape;
  return { shape: [batch, ...image], data: data.subarray(0, (data.length / all) * batch) };
}

describe.each<NetworkName>(['alexnet', 'vgg-11', 'inception-bn'])('%s', (name) => {
  const network = optimize(withTraining(buildNetwork(name, { seed: 3, width: WIDTH })));
  // Everything is an output, so that every value can be seen; nothing is left to fuse.
  const watched: Network = { ...network, outputs: network.nodes.map((node) => node.name) };
  const [input] = network.inputs;
  const images = randomArray(MOST * sizeOf(input.shape as number[]), uniform(11));
  const shape = [MOST, ...(input.shape as number[])];
  let expected: Map<string, Tensor>;

  beforeAll(() => {
    expected = runNaive(network, { [input.name]: tensor(shape, images) });
  });

  /** Runs the network, checks every value, and gives the greatest error as a fraction of what is allowed. */
  function check(
    batch: number,
    options: NetworkOptions,
    on = context,
  ): { output: Float32Array; algorithms: Set<string>; greatest: number } {
    const plan = planNetwork(watched, { ...options, context: on, batch });
    const data = firstImages(tensor(shape, images), batch);
    const outputs = plan.run({ [input.name]: makeTensor(Float32Array.from(data.data), data.shape) });
    const reports = plan.report();
    plan.dispose();
    const exact = tensor(data.shape, data.data);
    const seen = new Map([
      [input.name, { value: exact, error: tensor(data.shape, new Float64Array(data.data.length)) }],
    ]);
    let greatest = 0;
    network.nodes.forEach((node, i) => {
      const actual = outputs[node.name];
      const reference = firstImages(expected.get(node.name)!, batch);
      expect(actual.shape, node.name).toEqual(reference.shape);
      const inputs = node.inputs.map((from) => seen.get(from)!);
      const allowed = allowedError(node, inputs, reports[i], on);
      try {
        const { ratio } = expectWithin(actual.data, reference.data, allowed, reference.shape);
        greatest = Math.max(greatest, ratio);
      } catch (error) {
        throw new Error(
          `${name}, batch ${batch}, node ${node.name} (${reports[i].algorithm}): ${(error as Error).message}`,
        );
      }
      const error = reference.data.map((value, place) => Math.abs(actual.data[place] - value));
      seen.set(node.name, {
        value: tensor(reference.shape, actual.data),
        error: { shape: reference.shape, data: error },
      });
    });
    const algorithms = new Set(
      reports.flatMap(({ op, algorithm }) => (op === 'convolution' ? [algorithm as string] : [])),
    );
    return { output: outputs[network.outputs[0]].data, algorithms, greatest };
  }

  it.each(BATCHES)('accelerated and by default equals the reference, batch %i', (batch) => {
    const byDefault = check(batch, { algorithm: 'implicit-gemm' });
    expect([...byDefault.algorithms]).toEqual(['implicit-gemm']);
    for (const eligibility of ['documented', 'all'] as const) {
      for (const options of [{ rule: 'nnpack' as const }, { rule: 'fastest' as const }]) {
        const { output, algorithms, greatest } = check(batch, { ...options, eligibility });
        // Narrow layers are cheap as they are; by NNPACK's rule tiles and transforms take part whatever they cost.
        if (options.rule === 'nnpack') expect([...algorithms].join()).toMatch(/[wf]t/);
        expect(greatest).toBeGreaterThan(0);
        expect(output).toHaveLength(byDefault.output.length);
      }
    }
    // The answer itself: probabilities, of which the greatest is far above what is allowed to them.
    for (let image = 0; image < batch; image++) {
      const classes = byDefault.output.length / batch;
      const answer = byDefault.output.subarray(image * classes, (image + 1) * classes);
      expect(answer.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    }
  });

  it('so does it on typed arrays', () => {
    const { algorithms, greatest } = check(1, { rule: 'nnpack' }, scalar);
    expect([...algorithms].join()).toMatch(/[wf]t/);
    expect(greatest).toBeGreaterThan(0);
  });
});
