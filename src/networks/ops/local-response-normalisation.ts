import { expectFinite, planesOf } from '../../layers/call.ts';
import { expectResponseSize, runLocalResponseNormalisation } from '../../layers/normalisation.ts';
import { withoutWeights } from '../compiled.ts';
import { type LocalResponseNormalisationNode, whoIs } from '../network.ts';
import { at, build, sum } from './double.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

export const localResponseNormalisation: Operation<LocalResponseNormalisationNode> = {
  inputs: ONE_INPUT,
  fields: { size: true, alpha: true, beta: true, bias: true },
  parse(who, { size, alpha, beta, bias }) {
    expectResponseSize(who, size);
    expectFinite(who, 'alpha', alpha);
    expectFinite(who, 'beta', beta);
    expectFinite(who, 'bias', bias);
    return { size, alpha, beta, bias };
  },
  infer: (_node, [input]) => input,
  compile(node, [input], _options, context) {
    const planes = planesOf(whoIs(node), 'input', input);
    return withoutWeights(([x], y) => runLocalResponseNormalisation(context, planes, node, x, y));
  },
  reference: (node, [x]) =>
    build(x.shape, ([n, c, ...p]) => {
      // the window of `size` channels has its centre at c; an even one reaches one further up
      const first = c - Math.floor((node.size - 1) / 2);
      const squares = sum(node.size, (k) => at(x, [n, first + k, ...p]) ** 2);
      return at(x, [n, c, ...p]) * (node.bias + (node.alpha / node.size) * squares) ** -node.beta;
    }),
  slicing: () => PIXELWISE,
  gradient: null,
};
