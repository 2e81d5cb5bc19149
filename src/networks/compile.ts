/** A node of a network with its sizes known, as something to run. */
import type { Context } from '../context/context.ts';
import { type CompiledNode, type CompileOptions, compiledNode } from './compiled.ts';
import type { NetworkNode, Shape } from './network.ts';
import { operationOf } from './ops/table.ts';

/** @param inputs shapes with the batch in front */
export function compileNode(
  node: NetworkNode,
  inputs: readonly Shape[],
  output: Shape,
  options: CompileOptions,
  context: Context,
): CompiledNode {
  const sizes = `${inputs.map((shape) => shape.join('×')).join(', ')} → ${output.join('×')}`;
  return { ...compiledNode(node, sizes), ...operationOf(node).compile(node, inputs, options, context) };
}
