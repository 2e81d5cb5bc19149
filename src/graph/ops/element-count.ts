import type { DoubleTensor } from '../values.ts';
import { present } from './double.ts';
import { productOf } from './inputs.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { typeAt } from './settings.ts';

/** How many elements a value has, as a whole number. */
export const elementCount: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer(_node, inputs) {
    const count = productOf(typeAt(inputs, 0).shape);
    const told = { dtype: 'int64', shape: [] } as const;
    return [count === null ? told : { ...told, elements: () => scalar(count) }];
  },
  reference: (_node, [x]) => [scalar(present(x).data.length)],
  slicing: () => 'its output is no picture',
  tellsElements: true,
  gradient: null,
};

function scalar(count: number): DoubleTensor {
  return { shape: [], data: Float64Array.of(count), dtype: 'int64' };
}
