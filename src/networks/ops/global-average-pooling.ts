import { runAveragePooling } from '../../layers/pooling.ts';
import { globalPoolingShape } from '../../layers/pooling-shape.ts';
import { withoutWeights } from '../compiled.ts';
import { type GlobalAveragePoolingNode, whoIs } from '../network.ts';
import { build, sum } from './double.ts';
import { expectRank3 } from './inputs.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';

export const globalAveragePooling: Operation<GlobalAveragePoolingNode> = {
  inputs: ONE_INPUT,
  fields: {},
  parse: () => ({}),
  infer: (node, [input]) => [expectRank3(node, input)[0]],
  compile(node, [input], _options, context) {
    const shape = globalPoolingShape(whoIs(node), input);
    return withoutWeights(([x], y) => runAveragePooling(context, shape, x, y, false));
  },
  reference(_node, [x]) {
    const [n, c, h, w] = x.shape;
    return build([n, c], ([i, j]) => sum(h * w, (p) => x.data[(i * c + j) * h * w + p]) / (h * w));
  },
  slicing: () => WHOLE_PICTURE,
  gradient: null,
};
