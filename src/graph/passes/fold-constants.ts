/**
 * What depends on parameters alone, or on sizes that are known, is computed once, in double, and becomes a parameter:
 *
 *     y = f(p₁, p₂, …)   →   y is a parameter with the value f(p₁, p₂, …), rounded to its type
 *
 * References are slow, so large results are left to run. So are integers beyond what a double holds.
 */

import { sizeOf } from '../../tensor/ndarray.ts';
import { defined } from '../definition.ts';
import { type Graph, type Node, weightsOf } from '../graph.ts';
import { inferTypes, shapeOf, type Types } from '../infer.ts';
import type { KnownType } from '../node.ts';
import { operationOf } from '../ops/table.ts';
import {
  doublesOf,
  isExactInDouble,
  isTensorType,
  type Name,
  type Parameter,
  parameterOf,
  type ValueType,
} from '../values.ts';

/** Elements that are looked at, and multiply-adds, of what is worth computing in double. */
const MOST = 2 ** 22;

/** @param inputs types of the graph's inputs: those declared, or with sizes that are known, which tell more */
export function foldConstants(graph: Graph, inputs: Types = graph.inputs): Graph {
  const isConstant = (name: Name | null) => name === null || graph.parameters.has(name);
  const mayFold = (node: Node) => node.inputs.every(isConstant) || operationOf(node).tellsElements;
  if (!graph.nodes.some(mayFold)) return graph;
  const types = inferTypes(graph, inputs);
  const parameters = new Map(graph.parameters);
  const nodes = graph.nodes.filter((node) => {
    const results = constantsOf(node, parameters, types);
    for (const [i, parameter] of (results ?? []).entries()) parameters.set(node.outputs[i], parameter);
    return results === null;
  });
  if (nodes.length === graph.nodes.length) return graph;
  // Weights that were computed are numbers only now.
  for (const node of nodes) operationOf(node).checkWeights?.(node, weightsOf({ parameters }, node));
  return { ...graph, parameters, nodes };
}

/** The outputs of a node as parameters; null if they are not known, or take long to compute. */
function constantsOf(node: Node, parameters: ReadonlyMap<Name, Parameter>, types: Types): readonly Parameter[] | null {
  const told = node.outputs.map((name): KnownType | undefined => types.get(name));
  if (told.some((type) => type === undefined || !isTensorType(type))) return null;
  if (node.inputs.every((name) => name === null || parameters.has(name))) return computed(node, parameters, types);
  return told.every(isTold) ? told.map((type) => parameterOf(type.elements(), type.dtype, 'constant')) : null;
}

/** Those elements that follow from sizes are few. */
function isTold(type: KnownType | undefined): type is Required<KnownType> {
  return type?.elements !== undefined;
}

function computed(node: Node, parameters: ReadonlyMap<Name, Parameter>, types: Types): readonly Parameter[] | null {
  const operation = operationOf(node);
  const outputs = node.outputs.map((name) => shapeOf(types, name));
  const inputs = node.inputs.map((name) => (name === null ? null : shapeOf(types, name)));
  const elements = outputs.reduce((sum, shape) => sum + sizeOf(shape), 0) * (operation.terms?.(node, inputs) ?? 1);
  if (elements + (operation.multiplyAdds?.(inputs, outputs) ?? 0) > MOST) return null;
  const own = node.inputs.map((name) => (name === null ? null : (parameters.get(name) as Parameter)));
  if (!own.every((parameter) => parameter === null || isExactInDouble(parameter))) return null;
  const read = own.map((parameter) => (parameter === null ? null : doublesOf(parameter)));
  return defined(node, read).map((value, i) => {
    const { dtype } = types.get(node.outputs[i]) as ValueType;
    return parameterOf(value, dtype, 'constant');
  });
}
