/** The benchmark's layers, and contests of algorithms on them: on small ones here. */
import { afterAll, describe, expect, it } from 'vitest';
import { estimatesOf, imagesOf, ourConvolution, rivals, within } from '../../bench/convolution.ts';
import { allLayers, operations, otherLayers, outputSize, problem, smallLayers, usual } from '../../bench/layers.ts';
import type { LayerTimes } from '../../bench/result.ts';
import { contest, verify } from '../../bench/section.ts';
import { choiceRow, vggRow } from '../../bench/sections/layers.ts';
import { Context } from '../../src/context/context.ts';
import { explainConvolution } from '../../src/layers/convolution.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { optimize } from '../../src/networks/optimize.ts';
import { inferShapes } from '../../src/networks/shapes.ts';

const context = new Context({ threads: 1 });
afterAll(() => context.dispose());

/** A layer that takes no time. */
const SMALL = { ...usual, name: '8→6 @10', inputChannels: 8, outputChannels: 6, inputSize: 10 };

describe('the layers', () => {
  it.each(allLayers)('$name has the size and the operations that the library plans', (layer) => {
    const { inputChannels, outputChannels, inputSize, kernelSize, groups, stride, padding, dilation } = layer;
    const { shape, candidates } = explainConvolution({
      input: { shape: [1, inputChannels, inputSize, inputSize] },
      kernel: { shape: [outputChannels, inputChannels / groups, kernelSize, kernelSize] },
      ...{ stride, padding, dilation, groups, context },
    });
    expect(outputSize(layer)).toBe(shape.outputHeight);
    const naive = candidates.find(({ algorithm }) => algorithm === 'reference');
    expect(operations(layer)).toBe(2 * (naive?.work?.multiplyAdds ?? Number.NaN));
  });

  it('has small ones that are Inception-BN’s', () => {
    const network = optimize(buildNetwork('inception-bn'));
    const { values } = inferShapes(network, undefined, 1);
    const found = network.nodes.flatMap((node) => {
      if (node.op !== 'convolution') return [];
      const [outputs, inputs, edge] = node.kernel.shape;
      const size = (values.get(node.inputs[0]) as readonly number[])[1];
      return [`${inputs}→${outputs} ${edge} ${node.stride ?? 1} ${node.padding ?? 0} @${size}`];
    });
    for (const { inputChannels, outputChannels, kernelSize, stride, padding, inputSize } of smallLayers) {
      expect(found).toContain(`${inputChannels}→${outputChannels} ${kernelSize} ${stride} ${padding} @${inputSize}`);
    }
  });

  it('has batches that begin with the images of smaller ones', () => {
    const [one, three] = [problem(SMALL), problem(SMALL, 3)];
    expect(three.inputShape).toEqual([3, 8, 10, 10]);
    expect(three.input.subarray(0, one.input.length)).toEqual(one.input);
    expect([three.kernel, three.bias]).toEqual([one.kernel, one.bias]);
    expect(one.input.every((value) => value >= -1 && value < 1)).toBe(true);
    expect(new Set(one.input).size).toBeGreaterThan(one.input.length / 2);
  });
});

describe('verify', () => {
  const expected = Float32Array.of(1, -2, 3);

  it('takes what differs in the last bits', () => {
    expect(() => verify('x', Float32Array.of(1, -2.0001, 3), expected)).not.toThrow();
  });

  it.each([
    ['a wrong element', Float32Array.of(1, 2, 3), expected],
    ['a NaN', Float32Array.of(1, Number.NaN, 3), expected],
    ['a NaN followed by a wrong element', Float32Array.of(Number.NaN, 2, 3), expected],
    ['an infinity', Float32Array.of(1, -2, Infinity), expected],
    ['a NaN on the other side', expected, Float32Array.of(1, Number.NaN, 3)],
    ['an element too many', Float32Array.of(1, -2, 3, 4), expected],
    ['an element too few', Float32Array.of(1, -2), expected],
  ])('refuses %s', (_, actual, against) => {
    expect(() => verify('x', actual, against)).toThrow(/^x: differs/);
  });
});

describe('contests', () => {
  it('are among those that may win, the choice and the default implementation', () => {
    for (const layer of [SMALL, otherLayers[0], otherLayers[2], otherLayers[4]]) {
      const { chosen, estimate, convolutions } = rivals(context, problem(layer));
      const names = convolutions.map(({ name }) => name);
      expect(names).toContain(chosen);
      expect(names).toContain('implicit-gemm');
      expect(names).not.toContain('reference');
      expect(names).not.toContain('ft256x256');
      expect(new Set(names).size).toBe(names.length);
      expect(estimate).toBeGreaterThan(0);
      for (const convolution of convolutions) convolution.dispose();
    }
  });

  it('verify each, and time it', async () => {
    const { convolutions } = rivals(context, problem(SMALL));
    expect(convolutions.length).toBeGreaterThan(2);
    const options = { rounds: 3, warmUp: 1, budget: 1000 };
    const measured = await contest(convolutions, options, new AbortController().signal);
    expect(measured.map(({ name }) => name)).toEqual(convolutions.map(({ plan }) => plan.algorithm));
    convolutions.forEach((convolution, i) => {
      const phases = Object.values(convolution.phases(measured[i].median));
      const total = phases.reduce((sum, phase) => sum + phase, 0);
      expect(total / measured[i].median).toBeCloseTo(1, 6);
      expect(Math.min(...phases)).toBeGreaterThanOrEqual(-1e-9);
      convolution.dispose();
    });
  });

  it('refuse a candidate that computes something else', async () => {
    const ours = ourConvolution(context, problem(SMALL), 'wt8x8');
    const wrong = { ...ours, name: 'wrong', result: () => ours.result().map((value, i) => (i === 7 ? 0 : value)) };
    const timing = contest([ours, wrong], { rounds: 1, warmUp: 1, budget: 1 }, new AbortController().signal);
    await expect(timing).rejects.toThrow(/^wrong against wt8x8: differs/);
    ours.dispose();
  });

  it('may share one tensor of images, and leave no memory behind', () => {
    const data = problem(SMALL, 3);
    const before = context.describe().usedBytes;
    const images = imagesOf(context, data);
    const pair = [undefined, images].map((input) => ourConvolution(context, data, 'auto', input));
    for (const convolution of pair) convolution.time();
    expect(pair[1].result()).toEqual(pair[0].result());
    for (const convolution of pair) convolution.dispose();
    expect(images.data.slice(images.offset, images.offset + images.size)).toEqual(data.input);
    context.free(images);
    expect(context.describe().usedBytes).toBe(before);
  });

  it('are limited to what is estimated near the best', () => {
    const estimates = estimatesOf(context, problem(otherLayers[0]));
    const best = Math.min(...estimates.eligible.map(({ milliseconds }) => milliseconds));
    expect(estimates.eligible.map(({ algorithm }) => algorithm)).not.toContain('reference');
    expect(within(Infinity, estimates)).toEqual(estimates.eligible.map(({ algorithm }) => algorithm));
    const near = within(2, estimates);
    for (const { algorithm, milliseconds } of estimates.eligible) {
      expect(near.includes(algorithm), algorithm).toBe(milliseconds <= 2 * best);
    }
  });

  it('tell how far the choice is from the best', () => {
    const times = (name: string, median: number) => ({ name, median, min: median, max: median, times: [median] });
    const estimates = { chosen: 'wt8x8', estimate: 3, eligible: [] } as const;
    expect(choiceRow('a layer', estimates, [times('wt6x6', 4), times('wt8x8', 5)])).toEqual({
      what: 'a layer, choice wt8x8, estimated 3.0 ms',
      value: 5,
      unit: 'ms',
      against: 'best: wt6x6',
      ratio: 1.25,
      goal: { atMost: 1.1 },
    });
  });

  it('sum up the layers of VGG-16, each as often as the network has it', () => {
    const zero = { inputTransform: 0, blockMultiplication: 0, outputTransform: 0, other: 0 };
    const times = allLayers.map(({ name }): LayerTimes => {
      const candidate = { algorithm: 'wt8x8', chosen: true, milliseconds: 2, gflops: 1, phases: zero } as const;
      const plain = { ...candidate, algorithm: 'implicit-gemm', chosen: false, milliseconds: 7 } as const;
      return { layer: name, kernels: 'scalar', threads: 1, candidates: [candidate, plain] };
    });
    const row = vggRow(times, 'scalar');
    expect(row).toMatchObject({ value: 26, against: 'implicit-gemm, 91 ms', ratio: 3.5, goal: { atLeast: 3 } });
    expect(vggRow(times, 'simd').goal).toBeUndefined();
    expect(vggRow(times.slice(1), 'scalar').ratio).toBeNaN();
  });
});
