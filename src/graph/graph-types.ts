import { show } from '../errors.ts';
import type { Shape } from './compiled.ts';
import type { Graph } from './graph.ts';
import { bindInputs, inferTypes, type Types } from './infer.ts';
import { parseGraph } from './parse-graph.ts';
import { parseByName, parseShapes } from './parse-values.ts';
import type { Name, ValueType } from './values.ts';

/**
 * The types of all values of a graph by their names: its inputs, its parameters, and what its nodes make. A type that
 * follows from elements which are not known is missing. A size that follows from a size known by name only, and is
 * another, has the name of its value and axis.
 *
 * @param inputs shapes of the inputs, which say what the names are; types stay as declared when not given
 * @throws NnpackError for a graph that makes no sense, or shapes that do not fit it
 * @example
 * graphTypes(graph).get('y'); // { dtype: 'float32', shape: ['N', 8, 'y.2', 'y.3'] }
 * graphTypes(graph, { x: [1, 3, 32, 32] }).get('y'); // { dtype: 'float32', shape: [1, 8, 30, 30] }
 */
export function graphTypes(given: Graph, inputs?: Readonly<Record<Name, Shape>>): ReadonlyMap<Name, ValueType> {
  const graph = parseGraph(given);
  const types = inferTypes(graph, inputs === undefined ? graph.inputs : bound(graph, inputs));
  return new Map([...types].map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
}

function bound(graph: Graph, inputs: unknown): Types {
  const who = `graph ${show(graph.name)}`;
  const shapes = parseByName(who, 'inputs', inputs, [...graph.inputs.keys()], 'invalid-argument');
  return bindInputs(who, graph, parseShapes(who, shapes));
}
