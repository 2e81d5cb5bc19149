import { NnpackError } from '../../errors.ts';
import { MAX_ELEMENTS } from '../../tensor/tensor.ts';
import { type InputTypes, type OpNode, whoIs } from '../node.ts';
import { productOf, wrongRank } from './inputs.ts';
import type { NoAttributes, Operation } from './operation.ts';
import { typeAt, typeOfValue } from './settings.ts';

/** start, start + step, start + 2 · step, … as long as they are before the end, which the inputs tell in this order: start, end, step. */
export const range: Operation<NoAttributes> = {
  inputs: { least: 3, most: 3 },
  fields: {},
  check: () => ({}),
  infer(node, inputs) {
    const { dtype } = typeAt(inputs, 0);
    for (const type of inputs) {
      if (type && type.dtype !== dtype) {
        const text = `inputs are of the types ${dtype} and ${type.dtype}, expected one type`;
        throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
      }
      if (type && productOf(type.shape) !== 1) throw wrongRank(node, 'an input', 'one number', type.shape);
    }
    const numbers = numbersOf(node, inputs);
    return [numbers && { dtype, shape: [numbers.length] }];
  },
  reference(node, inputs) {
    const numbers = numbersOf(node, inputs.map(typeOfValue)) ?? [];
    return [{ shape: [numbers.length], data: Float64Array.from(numbers) }];
  },
  slicing: () => 'its output is no picture',
  gradient: null,
};

function numbersOf(node: OpNode<NoAttributes>, inputs: InputTypes): readonly number[] | null {
  const known = inputs.map((type) => type?.elements?.().data[0]);
  const [start, end, step] = known;
  if (start === undefined || end === undefined || step === undefined) return null;
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (step === 0 || !(count <= MAX_ELEMENTS)) {
    const text = `it goes from ${start} to ${end} by ${step}, expected at most ${MAX_ELEMENTS} numbers`;
    throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
  }
  return Array.from({ length: count }, (_, i) => start + i * step);
}
