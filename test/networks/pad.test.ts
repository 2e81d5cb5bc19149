/** `pad` in networks: what it refuses, and slices of pictures with what it puts around them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Network, NetworkNode, PadNode } from '../../src/networks/network.ts';
import { optimize } from '../../src/networks/optimize.ts';
import { parseNetwork } from '../../src/networks/parse.ts';
import { declaredShapes, inferShapes } from '../../src/networks/shapes.ts';
import { RUNS, randomNumbers } from './arbitrary.ts';
import { runNaive, tensor } from './naive.ts';
import { planSlices, receptiveField } from './on-graphs.ts';

function networkOf(nodes: readonly NetworkNode[]): Network {
  const outputs = [nodes[nodes.length - 1].name];
  return { name: 'test', inputs: [{ name: 'image', shape: [1, null, null] }], nodes, outputs };
}

const pad = (rest: Partial<PadNode>): PadNode => ({ op: 'pad', name: 'pad', inputs: ['image'], padding: 1, ...rest });

describe('pad', () => {
  it('infers sizes, where they are known', () => {
    const network = networkOf([pad({ padding: { top: 1, left: 2, right: 3 } })]);
    expect(inferShapes(network, { image: [1, 4, 5] }).values.get('pad')).toEqual([1, 5, 10]);
    expect(declaredShapes(network).get('pad')).toEqual([1, null, null]);
  });

  it.each<[string, object, string]>([
    ['no padding', { padding: undefined }, "node 'pad' (pad): padding is not given, expected"],
    ['a padding below 0', { padding: { top: -1 } }, "node 'pad' (pad): padding top is -1, expected"],
    ['a mode that is none', { mode: 'wrap' }, "node 'pad' (pad): mode is 'wrap', expected"],
    ['a value that is none', { value: null }, "node 'pad' (pad): value is null, expected a number"],
    ['a value with a mode that has none', { mode: 'edge', value: 1 }, "expected it with mode 'constant' only"],
    ['a field of another operation', { scale: 2 }, "node 'pad' (pad): it has an unknown field 'scale'"],
  ])('refuses %s', (_, rest, text) => {
    expect(() => parseNetwork(networkOf([pad(rest)]))).toThrow(text);
  });

  it('refuses to mirror more than there is, as soon as sizes are known', () => {
    const network = networkOf([pad({ padding: { left: 4 }, mode: 'reflect' })]);
    expect(() => inferShapes(network, { image: [1, 1, 4] })).toThrow(
      "node 'pad' (pad): padding is 4, expected less than 4 (the input's width) with mode 'reflect'",
    );
    expect(inferShapes(network, { image: [1, 1, 5] }).values.get('pad')).toEqual([1, 1, 9]);
  });

  it('goes where it puts nothing', () => {
    const nodes: NetworkNode[] = [pad({ padding: { top: 0 }, mode: 'edge' }), pad({ name: 'z', inputs: ['pad'] })];
    expect(optimize(networkOf(nodes)).nodes.map(({ name, inputs }) => `${name}(${inputs})`)).toEqual(['z(image)']);
  });

  it.each([
    ['constant', { top: 3, right: 0, bottom: 0, left: 2 }],
    ['edge', { top: 3, right: 0, bottom: 0, left: 2 }],
    ['reflect', { top: 4, right: 0, bottom: 0, left: 3 }],
  ] as const)('needs rows around those that it copies (%s)', (mode, halo) => {
    const network = networkOf([pad({ mode, padding: { top: 3, right: 1, bottom: 1, left: 2 } })]);
    expect(receptiveField(network)).toEqual({ halo, scale: [1, 1] });
  });

  it('gives the same in slices, with its borders where the picture ends', () => {
    const side = fc.nat(3);
    const drawn = fc.record({
      mode: fc.constantFrom('constant', 'reflect', 'edge'),
      padding: fc.record({ top: side, right: side, bottom: side, left: side }),
      first: fc.boolean(),
      zeros: fc.record({ top: fc.nat(2), bottom: fc.nat(2), left: fc.nat(4), right: fc.nat(2) }),
      scale: fc.integer({ min: 1, max: 2 }),
      height: fc.integer({ min: 8, max: 22 }),
      width: fc.integer({ min: 8, max: 22 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    let sliced = 0;
    const property = fc.property(drawn, ({ mode, padding, first, zeros, scale, height, width, share }) => {
      const kernel = { data: randomNumbers(1, 9), shape: [1, 1, 3, 3] };
      // Padded before the convolution shrinks it, or behind it, enlarged in between.
      const names = first ? ['pad', 'up', 'conv'] : ['conv', 'up', 'pad'];
      const nodes = {
        pad: pad({ mode, padding }),
        up: { op: 'resize', mode: 'nearest', scale, name: 'up', inputs: [] },
        conv: { op: 'convolution', kernel, padding: zeros, name: 'conv', inputs: [] },
      } as const;
      const network = networkOf(
        names.map((name, i) => ({ ...nodes[name as keyof typeof nodes], inputs: [names[i - 1] ?? 'image'] })),
      );
      const output = names[2];
      const image = tensor([1, 1, height, width], randomNumbers(height * width, height * width));
      const whole = runNaive(network, { image }).get(output)!;
      const { halo } = receptiveField(network);
      const least = Math.min(height, halo.top + halo.bottom + 1) * Math.min(width, halo.left + halo.right + 1);
      const most = least + Math.floor(share ** 3 * (height * width - least));
      const plan = planSlices(network, [1, height, width], most, (h, w) => h * w);
      if (plan.slices.length > 1) sliced++;
      let kept = 0;
      for (const slice of plan.slices) {
        const { top, left, height: rows, width: columns } = slice.input;
        const part = tensor(
          [1, 1, rows, columns],
          Array.from({ length: rows * columns }, (_, i) => {
            return image.data[(top + Math.floor(i / columns)) * width + left + (i % columns)];
          }),
        );
        const result = runNaive(network, { image: part }).get(output)!;
        for (let i = 0; i < slice.output.height; i++) {
          for (let j = 0; j < slice.output.width; j++, kept++) {
            const got = result.data[(slice.from.top + i) * result.shape[3] + slice.from.left + j];
            const at = (slice.output.top + i) * whole.shape[3] + slice.output.left + j;
            if (got !== whole.data[at]) expect.fail(`${got} in a slice, ${whole.data[at]} in the whole, at ${at}`);
          }
        }
      }
      expect(kept).toBe(whole.data.length);
    });
    fc.assert(property, { numRuns: 300 * RUNS });
    expect(sliced).toBeGreaterThan(150 * RUNS);
  });
});
