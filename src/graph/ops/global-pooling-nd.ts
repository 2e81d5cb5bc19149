/** What poolings of whole planes have in common: [N, C, …] becomes [N, C, 1, …]. */
import { globalPoolingShape, type PoolingShape } from '../../layers/pooling-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Lowering, type Shape, withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { present } from './double.ts';
import { expectChannelAxis, onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';

export function globalPooling<A extends object>(
  { fields, check }: Pick<Operation<A>, 'fields' | 'check'>,
  run: (context: Lowering<A>['context'], shape: PoolingShape, x: number, y: number, attributes: A) => void,
  definition: (plane: readonly number[], attributes: A) => number,
): Operation<A> {
  return {
    inputs: ONE,
    fields,
    check,
    infer: onFloats((node, [x]) => [expectChannelAxis(node, x).map((size, axis) => (axis < 2 ? size : 1))]),
    lower({ node, inputs, context }) {
      const [batch, channels, ...plane] = inputs[0] ?? [];
      const shape = globalPoolingShape(whoIs(node), [batch, channels, 1, sizeOf(plane)]);
      return withoutWeights(([x], [y]) => run(context, shape, x, y, node.attributes));
    },
    reference({ attributes }, [input]) {
      const { shape, data } = present(input);
      const [planes, count] = [shape[0] * shape[1], data.length / (shape[0] * shape[1])];
      const made = Float64Array.from({ length: planes }, (_, i) => {
        return definition([...data.subarray(i * count, (i + 1) * count)], attributes);
      });
      return [{ shape: shape.map((size, axis) => (axis < 2 ? size : 1)), data: made }];
    },
    terms: (_node, [x]: readonly (Shape | null)[]) => sizeOf(x?.slice(2) ?? []),
    slicing: () => WHOLE_PICTURE,
    gradient: null,
  };
}
