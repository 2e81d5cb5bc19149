import { expectFinite } from '../../layers/call.ts';
import { expectResponseSize, runLocalResponseNormalisation } from '../../layers/normalisation.ts';
import { withoutWeights } from '../compiled.ts';
import { at, build, present, sum } from './double.ts';
import { expectChannelAxis, onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { planesAlong } from './planes.ts';
import { PIXELWISE } from './slicing.ts';

/** y = x · (bias + alpha / size · Σ x²)^(−beta), the sum over the `size` channels around it (an even one more after it). */
export interface LocalResponseNormalisationAttributes {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

export const localResponseNormalisation: Operation<LocalResponseNormalisationAttributes> = {
  inputs: ONE,
  fields: { size: true, alpha: true, beta: true, bias: true },
  check(who, { size, alpha, beta, bias }) {
    expectResponseSize(who, size);
    expectFinite(who, 'alpha', alpha);
    expectFinite(who, 'beta', beta);
    expectFinite(who, 'bias', bias);
    return { size, alpha, beta, bias };
  },
  infer: onFloats((node, [x]) => [expectChannelAxis(node, x)]),
  lower({ node, outputs: [shape], context }) {
    const planes = planesAlong(shape);
    return withoutWeights(([x], [y]) => runLocalResponseNormalisation(context, planes, node.attributes, x, y));
  },
  reference({ attributes: { size, alpha, beta, bias } }, [input]) {
    const x = present(input);
    const normalAt = ([n, c, ...p]: readonly number[]) => {
      // the window of `size` channels has its centre at c; an even one reaches one further up
      const first = c - Math.floor((size - 1) / 2);
      const squares = sum(size, (k) => at(x, [n, first + k, ...p]) ** 2);
      return at(x, [n, c, ...p]) * (bias + (alpha / size) * squares) ** -beta;
    };
    return [build(x.shape, normalAt)];
  },
  terms: ({ attributes }) => attributes.size,
  slicing: () => PIXELWISE,
  gradient: null,
};
