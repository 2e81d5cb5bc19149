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
    const counted = countedFrom(node, inputs);
    return [counted && { dtype, shape: [counted.count] }];
  },
  reference(node, inputs) {
    const { start, step, count } = countedFrom(node, inputs.map(typeOfValue)) ?? NOTHING;
    return [{ shape: [count], data: Float64Array.from({ length: count }, (_, i) => start + i * step) }];
  },
  slicing: () => 'its output is no picture',
  gradient: null,
};

interface Counted {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

const NOTHING: Counted = { start: 0, step: 1, count: 0 };

/** null where the inputs are not known. */
function countedFrom(node: OpNode<NoAttributes>, inputs: InputTypes): Counted | null {
  const known = inputs.map((type) => type?.elements?.().data[0]);
  const [start, end, step] = known;
  if (start === undefined || end === undefined || step === undefined) return null;
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (step === 0 || !(count <= MAX_ELEMENTS)) {
    const text = `it goes from ${start} to ${end} by ${step}, expected at most ${MAX_ELEMENTS} numbers`;
    throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
  }
  return { start, step, count };
}
