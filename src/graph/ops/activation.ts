/** Operations that are an activation and nothing else. */
import { checkActivation } from '../../layers/activation.ts';
import { runActivation } from '../../layers/relu.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Activation } from '../attributes.ts';
import { type Compiled, type Lowering, withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';

export function lowerActivation({ node, outputs, context }: Lowering<object>, given: Activation): Compiled {
  const size = sizeOf(outputs[0]);
  const activation = checkActivation(whoIs(node), given);
  return withoutWeights(([x], [y]) => runActivation(context, size, x, y, activation));
}

/** What has an activation of its own. */
interface Activated {
  readonly activation?: Activation;
}

/** An activation behind a node as its own; null if it has one. */
export function withActivation<A extends Activated>(attributes: A, activation: Activation): A | null {
  return attributes.activation === undefined ? { ...attributes, activation } : null;
}
