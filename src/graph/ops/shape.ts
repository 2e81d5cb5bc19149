import type { DoubleTensor } from '../values.ts';
import { present } from './double.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';

/** The sizes of a value, as whole numbers. */
export const shape: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer(_node, [x]) {
    const sizes = x?.shape ?? [];
    const isKnown = sizes.every((size) => typeof size === 'number');
    const told = { dtype: 'int64', shape: [sizes.length] } as const;
    return [isKnown ? { ...told, elements: () => vector(sizes as readonly number[]) } : told];
  },
  reference: (_node, [x]) => [vector(present(x).shape)],
  slicing: () => 'its output is no picture',
  tellsElements: true,
  gradient: null,
};

function vector(sizes: readonly number[]): DoubleTensor {
  return { shape: [sizes.length], data: Float64Array.from(sizes), dtype: 'int64' };
}
