import { allocated } from '../check/memory.ts';
import type { Node } from './graph.ts';
import { whoIs } from './node.ts';
import { operationOf } from './ops/table.ts';
import type { DoubleTensor } from './values.ts';

/**
 * What a node makes by its definition.
 *
 * @throws NnpackError 'out-of-memory' where the engine has no room for it: a file of few bytes may ask for any size
 */
export function defined(node: Node, inputs: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  return allocated(whoIs(node), 'what it makes', () => operationOf(node).reference(node, inputs));
}
