import { at, build, present } from './double.ts';
import { onOneType } from './inputs.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { typeAt } from './settings.ts';

/** The axes from the last to the first: a transpose of as many axes as there are. */
export const axisReversal: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer: onOneType((_node, [x]) => [[...(x ?? [])].reverse()]),
  reference(_node, [input]) {
    const x = present(input);
    return [build([...x.shape].reverse(), (index) => at(x, [...index].reverse()))];
  },
  specialise({ inputs }, types) {
    const rank = typeAt(types, 0).shape.length;
    if (rank === 0) return { op: 'identity', inputs, attributes: {} };
    const permutation = Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
    return { op: 'transpose', inputs, attributes: { permutation } };
  },
  slicing: () => 'slices need the rows and columns where they are',
  gradient: null,
};
