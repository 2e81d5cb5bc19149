import { IDENTITY } from '../../algorithms/algorithm.ts';
import type { Context } from '../../context/context.ts';
import { checkActivation } from '../../layers/activation.ts';
import { runAddition } from '../../layers/addition.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { type AdditionNode, whoIs } from '../network.ts';
import { parseActivation } from '../parse-values.ts';
import { activated, at, build, sum } from './double.ts';
import { expectOneShape } from './inputs.ts';
import type { Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';
import { withActivation } from './weights.ts';

export const addition: Operation<AdditionNode> = {
  inputs: { least: 2, most: Infinity },
  fields: { activation: true },
  parse: (who, given) => ({ activation: parseActivation(who, given.activation) }),
  infer: (node, inputs) => expectOneShape(node, 'the inputs', inputs),
  compile(node, [input], _options, context) {
    const size = sizeOf(input);
    const activation = checkActivation(whoIs(node), node.activation);
    return withoutWeights((xs, y) => addAll(context, size, xs, y, activation));
  },
  reference: (node, inputs) =>
    build(inputs[0].shape, (index) => {
      const total = sum(inputs.length, (i) => at(inputs[i], index));
      return activated(total, node.activation);
    }),
  slicing: () => PIXELWISE,
  // Written once the first two terms are read.
  inPlace: 2,
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
