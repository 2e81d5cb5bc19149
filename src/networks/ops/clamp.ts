import { checkActivation } from '../../layers/activation.ts';
import { runActivation } from '../../layers/relu.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { type Activation, type ClampNode, whoIs } from '../network.ts';
import { mapped } from './double.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

export const clamp: Operation<ClampNode> = {
  inputs: ONE_INPUT,
  fields: { min: true, max: true },
  parse(who, { min, max }) {
    checkActivation(who, { type: 'clamp', min, max });
    return { min: min as number, max: max as number };
  },
  infer: (_node, [input]) => input,
  compile(node, [input], _options, context) {
    const size = sizeOf(input);
    const activation = checkActivation(whoIs(node), asActivation(node));
    return withoutWeights(([x], y) => runActivation(context, size, x, y, activation));
  },
  reference: (node, [x]) => mapped(x, (v) => Math.min(Math.max(v, node.min), node.max)),
  slicing: () => PIXELWISE,
  inPlace: 1,
  isIdentity: (node) => node.min === -Infinity && node.max === Infinity,
  asActivation,
  gradient: null,
};

function asActivation({ min, max }: ClampNode): Activation {
  return { type: 'clamp', min, max };
}
