import { checkActivation } from '../../layers/activation.ts';
import { runActivation } from '../../layers/relu.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { type Activation, type ReluNode, whoIs } from '../network.ts';
import { mapped } from './double.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

export const relu: Operation<ReluNode> = {
  inputs: ONE_INPUT,
  fields: { negativeSlope: true },
  parse(who, { negativeSlope }) {
    if (negativeSlope !== undefined) checkActivation(who, { type: 'leaky', slope: negativeSlope });
    return { negativeSlope: negativeSlope as number | undefined };
  },
  infer: (_node, [input]) => input,
  compile(node, [input], _options, context) {
    const size = sizeOf(input);
    const activation = checkActivation(whoIs(node), asActivation(node));
    return withoutWeights(([x], y) => runActivation(context, size, x, y, activation));
  },
  reference: (node, [x]) => mapped(x, (v) => (v < 0 ? v * (node.negativeSlope ?? 0) : v)),
  slicing: () => PIXELWISE,
  inPlace: 1,
  isIdentity: (node) => node.negativeSlope === 1,
  asActivation,
  gradient: null,
};

function asActivation({ negativeSlope: slope = 0 }: ReluNode): Activation {
  return slope === 0 ? 'relu' : { type: 'leaky', slope };
}
