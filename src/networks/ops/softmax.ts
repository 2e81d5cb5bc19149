import { planesOf } from '../../layers/call.ts';
import { runSoftmax } from '../../layers/softmax.ts';
import { withoutWeights } from '../compiled.ts';
import { type SoftmaxNode, whoIs } from '../network.ts';
import { at, build, sum } from './double.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

export const softmax: Operation<SoftmaxNode> = {
  inputs: ONE_INPUT,
  fields: {},
  parse: () => ({}),
  infer: (_node, [input]) => input,
  compile(node, [input], _options, context) {
    const planes = planesOf(whoIs(node), 'input', input);
    return withoutWeights(([x], y) => runSoftmax(context, planes, x, y));
  },
  reference: (_node, [x]) =>
    build(x.shape, ([n, c, ...p]) => {
      const logits = Array.from({ length: x.shape[1] }, (_, k) => at(x, [n, k, ...p]));
      const most = Math.max(...logits);
      return Math.exp(logits[c] - most) / sum(logits.length, (k) => Math.exp(logits[k] - most));
    }),
  slicing: () => PIXELWISE,
  gradient: null,
};
