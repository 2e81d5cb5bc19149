/** A node of a graph with its sizes known, as something to run. */
import type { Context } from '../context/context.ts';
import { NnpackError } from '../errors.ts';
import { type CompiledNode, type CompileOptions, compiledNode, type DenseArray, type Shape } from './compiled.ts';
import { expectWeights, type Graph, type Node, valuesOf, weightsOf } from './graph.ts';
import { shapeOf, type Types } from './infer.ts';
import { whoIs } from './node.ts';
import { operationOf } from './ops/table.ts';
import type { Name, Parameter } from './values.ts';

export function lowerNode(
  graph: Graph,
  node: Node,
  types: Types,
  options: CompileOptions,
  context: Context,
): CompiledNode {
  expectWeights(graph, node);
  const shapesOf = (names: readonly (Name | null)[]): readonly (Shape | null)[] =>
    names.map((name) => (name === null ? null : shapeOf(types, name)));
  const outputs = node.outputs.map((name) => shapeOf(types, name));
  const weights = weightsOf(graph, node).map((weight) => (weight === null ? undefined : numbersOf(node, weight)));
  const values = shapesOf(valuesOf(node)).filter((shape) => shape !== null);
  const compiled = operationOf(node).lower({
    node,
    inputs: shapesOf(node.inputs),
    outputs,
    weights,
    options,
    context,
  });
  return { ...compiledNode(node, `${sizesText(values)} → ${sizesText(outputs)}`), ...compiled };
}

function sizesText(shapes: readonly Shape[]): string {
  return shapes.map((shape) => shape.join('×')).join(', ');
}

function numbersOf(node: Node, { type, data }: Parameter): DenseArray {
  if (type.dtype === 'float32') return { data: data as Float32Array, shape: type.shape };
  const text = `a weight is of type ${type.dtype}, expected float32 (what networks run in)`;
  throw new NnpackError('unsupported-layer', `${whoIs(node)}: ${text}`);
}
