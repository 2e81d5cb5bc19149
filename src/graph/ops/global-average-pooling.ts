import { runAveragePooling } from '../../layers/pooling.ts';
import { globalPoolingShape } from '../../layers/pooling-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { build, present, sum } from './double.ts';
import { expectPlanes, onFloats } from './inputs.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';

/** The mean of each plane: [N, C, H, W] → [N, C]. */
export const globalAveragePooling: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer: onFloats((node, [x]) => [expectPlanes(node, x).slice(0, 2)]),
  lower({ node, inputs: [input], context }) {
    const shape = globalPoolingShape(whoIs(node), input ?? []);
    return withoutWeights(([x], [y]) => runAveragePooling(context, shape, x, y, false));
  },
  reference(_node, [x]) {
    const { shape, data } = present(x);
    const [n, c, h, w] = shape;
    return [build([n, c], ([i, j]) => sum(h * w, (p) => data[(i * c + j) * h * w + p]) / (h * w))];
  },
  terms: (_node, [x]) => sizeOf(x?.slice(2) ?? []),
  slicing: () => WHOLE_PICTURE,
  gradient: null,
};
