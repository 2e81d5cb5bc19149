/** Options are parsed once: what comes out is frozen, and nothing that their owner does later can change it. */
import { expect, it } from 'vitest';
import { Context } from '../../src/index.ts';
import { parseConvolution } from '../../src/layers/convolution-options.ts';
import { checkShape } from '../../src/tensor/tensor.ts';

it('a parsed convolution is frozen, apart from its options, and holds no option unparsed', () => {
  const context = new Context({ threads: 1, kernels: 'scalar' });
  const shape = [1, 4, 6, 6];
  const kernel = { data: new Float32Array(72), shape: [2, 4, 3, 3] };
  const options = { input: { shape }, kernel, padding: 1, activation: 'relu', rule: 'nnpack', context } as const;
  const parsed = parseConvolution('test', options, checkShape);
  context.dispose();
  shape[1] = 5;
  kernel.shape[0] = 3;
  for (const part of [parsed, parsed.problem, parsed.problem.shape, parsed.problem.outputShape, parsed.selection]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  expect(parsed.problem).toMatchObject({ inputShape: [1, 4, 6, 6], outputShape: [1, 2, 6, 6], hasBias: false });
  expect(parsed.kernel.shape).toEqual([2, 4, 3, 3]);
  expect(parsed.activation).toEqual({ slope: 1, low: 0, high: Infinity });
  expect(parsed.selection).toEqual({ algorithm: 'auto', eligibility: 'all', rule: 'nnpack', accuracy: 'default' });
  expect(parsed.bias).toBeNull();
});
