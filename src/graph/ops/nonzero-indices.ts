import type { DoubleTensor } from '../values.ts';
import { present } from './double.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { typeAt } from './settings.ts';

/** Where the input is not 0: a column of indices, one for each axis, for each such element in order. */
export const nonzeroIndices: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer(_node, inputs) {
    const { elements } = typeAt(inputs, 0);
    if (elements === undefined) return [null];
    return [{ dtype: 'int64', shape: indicesOf(elements()).shape }];
  },
  reference: (_node, [x]) => [indicesOf(present(x))],
  slicing: () => 'its output is no picture',
  gradient: null,
};

function indicesOf({ shape, data }: DoubleTensor): DoubleTensor {
  const columns = [...data.keys()].filter((place) => data[place] !== 0);
  const rows = shape.map((size, axis) => {
    const pitch = shape.slice(axis + 1).reduce((product, other) => product * other, 1);
    return columns.map((place) => Math.floor(place / pitch) % size);
  });
  return { shape: [shape.length, columns.length], data: Float64Array.from(rows.flat()), dtype: 'int64' };
}
