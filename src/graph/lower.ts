/** A node of a graph with its sizes known, as something to run. */
import type { Context } from '../context/context.ts';
import { type CompiledNode, type CompileOptions, compiledNode, type DenseArray, type Shape } from './compiled.ts';
import { type Graph, type Node, valuesOf, weightsOf } from './graph.ts';
import { shapeOf, type Types } from './infer.ts';
import { operationOf } from './ops/table.ts';
import { isInMemory } from './run-values.ts';
import type { Name, Parameter, ValueType } from './values.ts';

/**
 * What computes a node: kernels, where there are some for it, its values are in single precision and its weights are
 * parameters; else its reference, in double.
 */

export function lowerNode(
  graph: Graph,
  node: Node,
  types: Types,
  options: CompileOptions,
  context: Context,
): CompiledNode {
  const shapesOf = (names: readonly (Name | null)[]): readonly (Shape | null)[] =>
    names.map((name) => (name === null ? null : shapeOf(types, name)));
  const outputs = node.outputs.map((name) => shapeOf(types, name));
  const values = shapesOf(valuesOf(node)).filter((shape) => shape !== null);
  const base = compiledNode(node, `${sizesText(values)} → ${sizesText(outputs)}`);
  const weights = kernelWeights(graph, node);
  const compiled =
    weights !== null && isInSinglePrecision(node, types)
      ? operationOf(node).lower?.({ node, inputs: shapesOf(node.inputs), outputs, weights, options, context })
      : null;
  if (compiled) return { ...base, ...compiled };
  return { ...base, isReference: true, why: 'by its definition, in double', load: () => () => {} };
}

function sizesText(shapes: readonly Shape[]): string {
  return shapes.map((shape) => shape.join('×')).join(', ');
}

function isInSinglePrecision({ inputs, outputs }: Node, types: Types): boolean {
  return [...inputs, ...outputs].every((name) => name === null || isInMemory((types.get(name) as ValueType).dtype));
}

/** The weights of a node; null if one of them is computed by another node. */
function kernelWeights(graph: Graph, node: Node): readonly (DenseArray | undefined)[] | null {
  const names = node.inputs.slice(valuesOf(node).length);
  const weights = weightsOf(graph, node);
  if (weights.some((weight, i) => weight === null && names[i] !== null)) return null;
  return weights.map((weight) => (weight === null ? undefined : numbersOf(weight)));
}

function numbersOf({ type, data }: Parameter): DenseArray {
  return { data: data as Float32Array, shape: type.shape };
}
