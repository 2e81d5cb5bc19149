import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConvolutionNode, Network, NetworkNode } from '../../src/networks/network.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { drawnNetwork, RUNS, randomNumbers } from '../networks/arbitrary.ts';
import { magnitudesOf, runNaive, type Tensor, tensor } from '../networks/naive.ts';
import { canSlice, planSlices, type Region, receptiveField, type SlicePlan } from '../networks/on-graphs.ts';

const LOCAL_OPS: NetworkNode['op'][] = [
  'convolution',
  'convolution',
  'convolution',
  'max-pooling',
  'average-pooling',
  'relu',
  'clamp',
  'softmax',
  'local-response-normalisation',
  'batch-normalisation',
  'scale-shift',
  'concatenation',
  'addition',
  'resize',
  'pad',
  'dropout',
  'identity',
];

function convolution(name: string, input: string, k: number, rest: Partial<ConvolutionNode> = {}): ConvolutionNode {
  const kernel = { data: randomNumbers(k, k * k), shape: [1, 1, k, k] };
  return { op: 'convolution', name, inputs: [input], kernel, padding: 'same', ...rest };
}

function networkOf(nodes: readonly NetworkNode[]): Network {
  const outputs = [nodes[nodes.length - 1].name];
  return { name: 'test', inputs: [{ name: 'image', shape: [1, null, null] }], nodes, outputs };
}

/** (1, C, H, W) → the region of it. */
function crop(x: Tensor, { top, left, height, width }: Region): Tensor {
  const [, channels, , fullWidth] = x.shape;
  const plane = x.shape[2] * fullWidth;
  const data: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) data.push(x.data[c * plane + (top + i) * fullWidth + left + j]);
    }
  }
  return tensor([1, channels, height, width], data);
}

/** Puts the kept part of each slice's output into an output of NaN; a place that is written twice is an error. */
function runSliced(network: Network, x: Tensor, plan: SlicePlan, shape: readonly number[]): Tensor {
  const [, channels, height, width] = shape;
  const y = tensor(shape, new Float64Array(channels * height * width).fill(Number.NaN));
  for (const { input, output, from } of plan.slices) {
    expect([input.height, input.width]).toEqual(plan.inputShape.slice(1));
    const part = runNaive(network, { [network.inputs[0].name]: crop(x, input) }).get(network.outputs[0])!;
    expect(part.shape.slice(1)).toEqual(plan.outputShape);
    const kept = crop(part, { ...from, height: output.height, width: output.width });
    for (let c = 0, p = 0; c < channels; c++) {
      for (let i = 0; i < output.height; i++) {
        for (let j = 0; j < output.width; j++, p++) {
          const place = (c * height + output.top + i) * width + output.left + j;
          if (!Number.isNaN(y.data[place])) expect.fail(`two slices give output ${place}`);
          y.data[place] = kept.data[p];
        }
      }
    }
  }
  return y;
}

describe('planSlices', () => {
  it('gives exactly what the network gives on the whole picture', () => {
    let sliced = 0;
    fc.assert(
      fc.property(
        drawnNetwork({ ops: LOCAL_OPS, size: 24, nodes: 6, sliceable: true, oneOutput: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ network, inputs }, share) => {
          fc.pre(canSlice(network) === true);
          const shape = inputs.input.shape.slice(1);
          const whole = runNaive(network, inputs).get(network.outputs[0])!;
          // somewhere between the least that is possible and what the whole takes
          const bytesOf = (height: number, width: number) => 4 * height * width;
          const { halo } = receptiveField(network);
          const least = bytesOf(
            Math.min(shape[1], halo.top + halo.bottom + 1),
            Math.min(shape[2], halo.left + halo.right + 1),
          );
          const bytes = least + Math.floor(share ** 3 * (bytesOf(shape[1], shape[2]) - least));
          const plan = planSlices(network, shape, bytes, bytesOf);
          expect(plan.bytes).toBeLessThanOrEqual(bytes);
          fc.pre(plan.slices.length <= 60);
          if (plan.slices.length > 1) sliced++;
          const { data } = runSliced(network, inputs.input, plan, whole.shape);
          // ===, because a bilinear neighbour of weight 0 may turn a −0 into a 0
          data.forEach((v, i) => {
            if (v !== whole.data[i]) expect.fail(`output ${i}: ${v} in a slice, ${whole.data[i]} in the whole`);
          });
        },
      ),
      { numRuns: 80 * RUNS },
    );
    expect(sliced).toBeGreaterThan(20 * RUNS);
  });

  it('takes the whole picture where it fits, and as few pixels as it can where not', () => {
    const network = networkOf([convolution('a', 'image', 5), convolution('b', 'a', 3)]);
    const values = (height: number, width: number) => 4 * 2 * Math.ceil((height * width) / 16) * 16;
    const whole = planSlices(network, [1, 40, 60], values(40, 60));
    expect(whole.slices).toHaveLength(1);
    expect(whole.bytes).toBe(values(40, 60));
    expect(whole.slices[0]).toEqual({
      input: { top: 0, left: 0, height: 40, width: 60 },
      output: { top: 0, left: 0, height: 40, width: 60 },
      from: { top: 0, left: 0 },
    });
    // half of it: two halves of 60 columns, cut where they are shorter, with 3 + 3 columns of halo between them
    const halves = planSlices(network, [1, 40, 60], values(40, 33));
    expect(halves.halo).toEqual({ top: 3, right: 3, bottom: 3, left: 3 });
    expect(halves.slices.map(({ input }) => [input.left, input.width])).toEqual([
      [0, 33],
      [27, 33],
    ]);
    expect(halves.slices.map(({ output, from }) => [output.left, output.width, from.left])).toEqual([
      [0, 30, 0],
      [30, 30, 3],
    ]);
  });

  it('refuses a bound that no slice meets', () => {
    const network = networkOf([convolution('a', 'image', 5)]);
    const bytesOf = (height: number, width: number) => height * width;
    expect(() => planSlices(network, [1, 40, 60], 24, bytesOf)).toThrow(
      "graph 'test': the smallest slice with its halo takes 25 bytes, expected at most 24",
    );
    expect(planSlices(network, [1, 40, 60], 25, bytesOf).slices).toHaveLength(36 * 56);
  });
});

describe('receptiveField', () => {
  it('is exactly the rows and columns that an output depends on', () => {
    const linear = LOCAL_OPS.filter((op) => op === 'convolution' || op === 'resize' || op === 'addition');
    fc.assert(
      fc.property(
        drawnNetwork({ ops: linear, size: 1, nodes: 4, sliceable: true, oneOutput: true }),
        fc.constantFrom(2, 3),
        ({ network }, axis) => {
          fc.pre(canSlice(network) === true);
          // with weights above zero nothing cancels
          const linearised = magnitudesOf(network);
          const { halo, scale } = receptiveField(linearised);
          const [before, after] = axis === 2 ? [halo.top, halo.bottom] : [halo.left, halo.right];
          // one long row or column, and the outputs over its middle element
          const size = 2 * (before + after) + 9;
          const middle = before + after + 4;
          const shape = [1, network.inputs[0].shape[0]!, 13, 13].map((n, i) => (i === axis ? size : n));
          const [, channels] = shape;
          const depends = (at: number): boolean => {
            const impulse = new Float64Array(channels * shape[2] * shape[3]).map((_, i) => {
              const place = axis === 2 ? Math.floor(i / shape[3]) % shape[2] : i % shape[3];
              return place === at ? 1 + (i % 7) : 0;
            });
            const y = runNaive(linearised, { input: tensor(shape, impulse) }).get(linearised.outputs[0])!;
            const zero = runNaive(linearised, {
              input: tensor(
                shape,
                impulse.map(() => 0),
              ),
            }).get(linearised.outputs[0])!;
            const s = scale[axis - 2];
            return y.data.some((v, i) => {
              const place = axis === 2 ? Math.floor(i / y.shape[3]) % y.shape[2] : i % y.shape[3];
              return Math.floor(place / s) === middle && v !== zero.data[i];
            });
          };
          expect(depends(middle - before - 1)).toBe(false);
          expect(depends(middle + after + 1)).toBe(false);
          if (before > 0) expect(depends(middle - before)).toBe(true);
          if (after > 0) expect(depends(middle + after)).toBe(true);
        },
      ),
      { numRuns: 40 * RUNS },
    );
  });

  it('adds up along the longest path', () => {
    const network = networkOf([
      convolution('a', 'image', 3),
      convolution('b', 'a', 5),
      { op: 'addition', name: 'sum', inputs: ['a', 'b'] },
      { op: 'resize', name: 'up', inputs: ['sum'], mode: 'nearest', scale: 2 },
      convolution('c', 'up', 3),
    ]);
    // one row at scale 2 reaches into one more row of the input
    expect(receptiveField(network)).toEqual({ halo: { top: 4, right: 4, bottom: 4, left: 4 }, scale: [2, 2] });
  });

  const up: NetworkNode = { op: 'resize', name: 'up', inputs: ['image'], mode: 'nearest', scale: 2 };
  it.each<[string, NetworkNode[], string]>([
    [
      'a stride',
      [convolution('a', 'image', 3, { stride: 2 })],
      "node 'a' (convolution): slices need the stride 1, got [2, 2]",
    ],
    [
      'a pooling that shrinks',
      [{ op: 'max-pooling', name: 'pool', inputs: ['image'], poolingSize: 2 }],
      "node 'pool' (max-pooling): slices need the stride 1, got [2, 2]",
    ],
    [
      'a broken scale',
      [{ ...up, scale: 1.5 } as NetworkNode],
      "node 'up' (resize): slices need whole scales, got [1.5, 1.5]",
    ],
    [
      'a mean over the picture',
      [{ op: 'global-average-pooling', name: 'mean', inputs: ['image'] }],
      "node 'mean' (global-average-pooling): each output depends on the whole picture",
    ],
    [
      'two enlargements in one sum',
      [
        up,
        convolution('valid', 'up', 3, { padding: 0 }),
        convolution('a', 'image', 1, { padding: 1 }),
        { op: 'addition', name: 'sum', inputs: ['valid', 'a'] },
      ],
      "node 'sum' (addition): its inputs are enlarged by different factors",
    ],
  ])('refuses %s, with the reason', (_, nodes, reason) => {
    expect(canSlice(networkOf(nodes))).toBe(reason);
    expect(() => receptiveField(networkOf(nodes))).toThrow(`graph 'test': ${reason}`);
  });

  it('refuses two inputs', () => {
    const network = {
      ...networkOf([up]),
      inputs: [
        { name: 'image', shape: [1, 2, 2] },
        { name: 'b', shape: [1] },
      ],
    };
    expect(canSlice(network)).toBe('slices need one input and one output, got 2 and 1');
  });
});

describe('slices of the upscaling shape', () => {
  it('cover a picture of any size', () => {
    const network = networkOf([
      convolution('a', 'image', 5),
      { op: 'resize', name: 'up', inputs: ['a'], mode: 'bilinear', scale: 2 },
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 2500, max: 1e6 }),
        (height, width, bytes) => {
          const plan = planSlices(network, [1, height, width], bytes, (h, w) => h * w);
          const { values } = inferShapes(network, { image: [1, height, width] });
          const [, outputHeight, outputWidth] = values.get('up')!;
          const kept = plan.slices.reduce((sum, { output }) => sum + output.height * output.width, 0);
          expect(kept).toBe(outputHeight * outputWidth);
          for (const { input } of plan.slices) {
            expect(input.top >= 0 && input.top + input.height <= height).toBe(true);
            expect(input.left >= 0 && input.left + input.width <= width).toBe(true);
          }
        },
      ),
      { numRuns: 50 * RUNS },
    );
  });
});
