import { simplifyGraph } from '../graph/passes/simplify.ts';
import type { Network } from './network.ts';
import { graphOf, networkOf } from './parse.ts';

/**
 * Makes a network shorter; the result computes the same values up to rounding: what does nothing at inference goes, batch
 * normalisations are folded, and activations become those of the nodes before them (the passes are in src/graph/passes).
 * The names of the network's inputs and outputs stay as they are.
 *
 * @throws NnpackError for a network that makes no sense, also where no output needs what makes none
 * @example
 * const { nodes } = optimize(buildNetwork('inception-bn')); // without batch normalisations, dropouts and activations
 */
export function optimize(network: Network): Network {
  return networkOf(simplifyGraph(graphOf(network)));
}
