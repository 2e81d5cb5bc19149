/** A node of a graph with its sizes known, as something to run. */
import type { Context } from '../context/context.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { type CompiledNode, type CompileOptions, compiledNode, type DenseArray, type Shape } from './compiled.ts';
import { type Graph, type Node, valuesOf, weightsOf } from './graph.ts';
import { shapeOf, type Types } from './infer.ts';
import { operationOf } from './ops/table.ts';
import { isInMemory } from './run-values.ts';
import { withNumbersOf } from './stored.ts';
import type { DoubleTensor, Name, Parameter, ValueType } from './values.ts';

/**
 * What computes a node: kernels, where there are some for it, its values are in single precision and have elements, and its
 * weights are parameters; else its reference, in double.
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
  const settings = settingsOf(node, types);
  const compiled =
    weights !== null && settings !== null && isForKernels(node, types)
      ? operationOf(node).lower?.({ node, inputs: shapesOf(node.inputs), outputs, weights, settings, options, context })
      : null;
  if (compiled) return { ...base, ...compiled };
  return { ...base, isReference: true, why: 'by its definition, in double', load: () => () => {} };
}

function sizesText(shapes: readonly Shape[]): string {
  return shapes.map((shape) => shape.join('×')).join(', ');
}

/** Kernels are made for numbers in single precision, and cut them into parts: of no elements some would make parts without end. */
function isForKernels(node: Node, types: Types): boolean {
  const inputs = node.inputs.slice(0, operationOf(node).settingsFrom).filter((name) => name !== null);
  const isSingle = (name: Name) => isInMemory((types.get(name) as ValueType).dtype);
  return [...inputs, ...node.outputs].every(isSingle) && inputs.every((name) => sizeOf(shapeOf(types, name)) > 0);
}

/** The elements of inputs that are settings; null if one of them is computed as the graph runs. */
function settingsOf(node: Node, types: Types): readonly (DoubleTensor | null)[] | null {
  const settings: (DoubleTensor | null)[] = [];
  for (const name of node.inputs.slice(operationOf(node).settingsFrom ?? node.inputs.length)) {
    const type = name === null ? null : types.get(name);
    if (type !== null && type?.elements === undefined) return null;
    settings.push(type?.elements?.() ?? null);
  }
  return settings;
}

/** The weights of a node; null if one of them is computed by another node. */
function kernelWeights(graph: Graph, node: Node): readonly (DenseArray | undefined)[] | null {
  const names = node.inputs.slice(valuesOf(node).length);
  const weights = weightsOf(graph, node);
  if (weights.some((weight, i) => weight === null && names[i] !== null)) return null;
  return weights.map((weight) => (weight === null ? undefined : numbersOf(weight)));
}

function numbersOf(parameter: Parameter): DenseArray {
  // Values that kernels read are of float32.
  return withNumbersOf(parameter, { shape: parameter.type.shape }) as DenseArray;
}
