import { IDENTITY } from '../../algorithms/algorithm.ts';
import type { Context } from '../../context/context.ts';
import { checkActivation } from '../../layers/activation.ts';
import { runAddition } from '../../layers/addition.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Activation } from '../attributes.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { parseActivation } from '../parse-values.ts';
import { withActivation } from './activation.ts';
import { activated, at, build, present, sum } from './double.ts';
import { expectOneShape, onFloats } from './inputs.ts';
import { type Operation, TWO_OR_MORE } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** The sum of two or more values of one shape, added from the left; the same one may come several times. */
export interface AdditionAttributes {
  readonly activation?: Activation;
}

export const addition: Operation<AdditionAttributes> = {
  inputs: TWO_OR_MORE,
  fields: { activation: true },
  check: (who, given) => ({ activation: parseActivation(who, given.activation) }),
  infer: onFloats((node, inputs) => [expectOneShape(node, 'the inputs', inputs)]),
  lower({ node, outputs, context }) {
    const size = sizeOf(outputs[0]);
    const activation = checkActivation(whoIs(node), node.attributes.activation);
    return withoutWeights((xs, [y]) => addAll(context, size, xs, y, activation));
  },
  reference({ attributes }, inputs) {
    const terms = inputs.map(present);
    const total = (index: readonly number[]) => sum(terms.length, (i) => at(terms[i], index));
    return [build(terms[0].shape, (index) => activated(total(index), attributes.activation))];
  },
  slicing: () => PIXELWISE,
  // The output is written once the first two terms are read.
  inPlace: 2,
  isElementwise: true,
  takeActivation: withActivation,
  gradient: null,
};

/**
 * y = activation(x₀ + x₁ + …), from the left, wherever the values lie; y may be x₀ or x₁, unless a later one lies there too.
 */
function addAll(
  context: Context,
  size: number,
  [first, ...others]: readonly number[],
  y: number,
  activation: ReturnType<typeof checkActivation>,
): void {
  others.forEach((x, i) => {
    const isLast = i === others.length - 1;
    runAddition(context, size, i === 0 ? first : y, x, y, isLast ? activation : IDENTITY);
  });
}
