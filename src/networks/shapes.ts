/**
 * The shapes of all values of a network, and what each node costs: what its graph says of them, batch apart.
 *
 * A size that a network leaves open (null) stays null through all of this, so that ranks and channels can be checked
 * as soon as a network is read, before the size of a picture is known.
 */
import { NnpackError, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { bindInputs, costsOf, inferTypes, outputTypes, shapeOf, type Types } from '../graph/infer.ts';
import { parseByName, parseShapes } from '../graph/parse-values.ts';
import type { Name } from '../graph/values.ts';
import { nodeFrom, withBatch, withoutBatch } from './graph-of.ts';
import type { Network, NetworkNode, PartialShape, Shape } from './network.ts';
import { graphOf } from './parse.ts';

export type { PartialShape, Shape } from './network.ts';

export interface NodeShape {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly output: Shape;
  /** Of the whole batch, as the field counts them: convolutions and fully-connected layers only. */
  readonly multiplyAdds: number;
  /** Learnt numbers; the moving statistics of a batch normalisation are not among them. */
  readonly parameters: number;
}

/** The shape of every value of a network, and what its nodes compute. */
export interface NetworkShapes {
  /** Images in a run. */
  readonly batch: number;
  /** Of the network's inputs and of every node, batch apart. */
  readonly values: ReadonlyMap<string, Shape>;
  /** In the order of the network's nodes. */
  readonly nodes: readonly NodeShape[];
  /** Of all nodes and the whole batch. */
  readonly multiplyAdds: number;
  /** Of all nodes. */
  readonly parameters: number;
}

/**
 * All shapes and costs of a network for inputs of the given shapes. An input may be left out if the network declares
 * all of its sizes.
 *
 * @example
 * inferShapes(network, { image: [3, 224, 224] }, 8).multiplyAdds
 */
export function inferShapes(network: Network, inputs: Readonly<Record<string, Shape>> = {}, batch = 1): NetworkShapes {
  const graph = graphOf(network);
  return shapesOf(graph, inferTypes(graph, boundInputs(graph, inputs, batch)), batch);
}

/** What the types of a network's graph say, batch apart. */
export function shapesOf(graph: Graph, types: Types, batch: number): NetworkShapes {
  const shapeAt = (name: Name): Shape => shapeOf(types, name).slice(1);
  const costs = costsOf(graph, types);
  const nodes = graph.nodes.map((node, i): NodeShape => {
    const inputs = node.inputs.filter((name): name is Name => name !== null && !graph.parameters.has(name));
    return { name: node.name, inputs: inputs.map(shapeAt), output: shapeAt(node.outputs[0]), ...costs[i] };
  });
  const names = [...graph.inputs.keys(), ...graph.nodes.flatMap((node) => node.outputs)];
  const sum = (count: (node: NodeShape) => number) => nodes.reduce((total, node) => total + count(node), 0);
  return {
    batch,
    values: new Map(names.map((name) => [name, shapeAt(name)])),
    nodes,
    multiplyAdds: sum((node) => node.multiplyAdds),
    parameters: sum((node) => node.parameters),
  };
}

/** The types of a network's inputs for so many images: the shapes given, batch apart, or those declared. */
export function boundInputs(graph: Graph, inputs: unknown, batch: unknown): Types {
  const who = `network ${show(graph.name)}`;
  if (typeof batch !== 'number' || !Number.isSafeInteger(batch) || batch < 1) {
    throw new NnpackError('invalid-batch-size', `${who}: batch expected an integer ≥ 1, got ${show(batch)}`);
  }
  const given = parseShapes(who, parseByName(who, 'inputs', inputs, [...graph.inputs.keys()], 'invalid-argument'));
  const shapes = [...graph.inputs].map(([name, { shape }]): readonly [Name, Shape] => {
    return [name, [batch, ...inputShape(`${who}: input ${show(name)}`, withoutBatch(shape), given.get(name))]];
  });
  return bindInputs(who, graph, new Map(shapes));
}

/** The shape of an input, batch apart, as users give it. */
function inputShape(who: string, declared: PartialShape, given: Shape | undefined): Shape {
  const shape = given ?? declared;
  const fits =
    shape.length === declared.length && shape.every((size, axis) => declared[axis] === null || size === declared[axis]);
  if (!fits) {
    const expected = `expected ${show([...declared])} (null is any size)`;
    throw new NnpackError('invalid-input-size', `${who} ${expected}, got ${show([...shape])}`);
  }
  if (!shape.every((size): size is number => Number.isSafeInteger(size) && (size as number) > 0)) {
    throw new NnpackError('invalid-input-size', `${who} expected positive sizes, got ${show([...shape])}`);
  }
  return shape;
}

/** The shapes that follow from the network's own declarations, null where they follow from an open size. */
export function declaredShapes(network: Network): Map<string, PartialShape> {
  const graph = graphOf(network);
  const values = [...inferTypes(graph)].filter(([name]) => !graph.parameters.has(name));
  return new Map(values.map(([name, { shape }]) => [name, withoutBatch(shape)]));
}

/** The shape of what a node makes of inputs of these shapes; null only where it follows from a null. */
export function outputShape(node: NetworkNode, inputs: readonly PartialShape[]): PartialShape {
  const converted = nodeFrom(node, (name) => name);
  const weights = new Map(converted.parameters);
  const values = inputs.map((shape, i) => ({ dtype: 'float32' as const, shape: withBatch(`inputs[${i}]`, shape) }));
  const types = converted.node.inputs.map((name, i) => {
    return i < values.length ? values[i] : ((name === null ? undefined : weights.get(name)?.type) ?? null);
  });
  return withoutBatch(outputTypes(converted.node, types)[0]?.shape ?? []);
}
