/** Operations whose output is their input: only the shape may be another. */
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, type Shape, withoutWeights } from '../compiled.ts';
import type { InputTypes, OpNode, Sizes } from '../node.ts';
import { present } from './double.ts';
import type { Operation } from './operation.ts';
import { typeAt, typeOfValue } from './settings.ts';

/** The memory plan gives both names one place; only an input that lives on leaves something to copy. */
export function lowerView({ outputs: [output], context }: Lowering<object>): Compiled {
  const size = sizeOf(output);
  return withoutWeights(([x], [y]) => {
    if (x !== y) context.kernels.copyRows(1, size, x, size, 1, y, size);
  });
}

/** An operation that gives its first input another shape: null where that follows from what is not known yet. */
export function reshaping<A extends object>(
  own: Pick<Operation<A>, 'inputs' | 'fields' | 'check'>,
  shapeOf: (node: OpNode<A>, inputs: InputTypes) => Sizes | null,
): Operation<A> {
  return {
    ...own,
    infer(node, inputs) {
      const shape = shapeOf(node, inputs);
      return [shape && { dtype: typeAt(inputs, 0).dtype, shape }];
    },
    lower: lowerView,
    reference(node, inputs) {
      const shape = shapeOf(node, inputs.map(typeOfValue)) as Shape;
      return [{ shape, data: present(inputs[0]).data }];
    },
    specialise(node, inputs) {
      const { shape } = typeAt(inputs, 0);
      const made = shapeOf(node, inputs);
      if (made === null || shape.includes(0)) return null;
      const [x] = node.inputs;
      if (String(made) === String(shape)) return { op: 'identity', inputs: [x], attributes: {} };
      const isFlat = made.length === 2 && shape.length >= 2 && made[0] === shape[0];
      return isFlat ? { op: 'flatten', inputs: [x], attributes: {} } : null;
    },
    slicing: () => 'slices need the rows and columns where they are',
    settingsFrom: 1,
    isView: true,
    gradient: null,
  };
}
