/**
 * The shapes of all values of a network, and what each node costs.
 *
 * A size that a network leaves open (null) stays null through all of this, so that ranks and channels can be checked
 * as soon as a network is read, before the size of a picture is known.
 */
import { NnpackError, show } from '../errors.ts';
import type { Network, NetworkNode, PartialShape, Shape } from './network.ts';
import { operationOf } from './ops/table.ts';
import { parseNetwork } from './parse.ts';
import { parseByName, parseList } from './parse-values.ts';

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
export function inferShapes(given: Network, inputs: Readonly<Record<string, Shape>> = {}, batch = 1): NetworkShapes {
  const network = parseNetwork(given);
  if (!Number.isSafeInteger(batch) || batch < 1) {
    const who = `network ${show(network.name)}`;
    throw new NnpackError('invalid-batch-size', `${who}: batch expected an integer ≥ 1, got ${show(batch)}`);
  }
  const values = inputShapes(network, inputs);
  const nodes = network.nodes.map((node): NodeShape => {
    const shapes = node.inputs.map((name) => values.get(name)!);
    const output = outputShape(node, shapes) as Shape;
    values.set(node.name, output);
    const operation = operationOf(node);
    const multiplyAdds = batch * (operation.multiplyAdds?.(node, output) ?? 0);
    const parameters = operation.parameters?.(node) ?? 0;
    return { name: node.name, inputs: shapes, output, multiplyAdds, parameters };
  });
  const sum = (count: (node: NodeShape) => number) => nodes.reduce((total, node) => total + count(node), 0);
  return {
    batch,
    values,
    nodes,
    multiplyAdds: sum((node) => node.multiplyAdds),
    parameters: sum((node) => node.parameters),
  };
}

/** The shapes that follow from the network's own declarations, null where they follow from an open size. */
export function declaredShapes(given: Network): Map<string, PartialShape> {
  const network = parseNetwork(given);
  const values = new Map<string, PartialShape>();
  for (const input of network.inputs) values.set(input.name, input.shape);
  for (const node of network.nodes) {
    const shapes = node.inputs.map((name) => values.get(name)!);
    values.set(node.name, outputShape(node, shapes));
  }
  return values;
}

/** The shape of what a node makes of inputs of these shapes; null only where it follows from a null. */
export function outputShape(node: NetworkNode, inputs: readonly PartialShape[]): PartialShape {
  return operationOf(node).infer(node, inputs);
}

/** The shapes of the network's inputs: those given, or declared. */
function inputShapes(network: Network, inputs: Readonly<Record<string, Shape>>): Map<string, Shape> {
  const who = `network ${show(network.name)}`;
  const names = network.inputs.map(({ name }) => name);
  const given = parseByName(who, 'inputs', inputs, names, 'invalid-argument');
  return new Map(network.inputs.map(({ name, shape }) => [name, inputShape(who, name, shape, given.get(name))]));
}

function inputShape(network: string, name: string, declared: PartialShape, given: unknown): Shape {
  const who = `${network}: input ${show(name)}`;
  const shape = given === undefined ? declared : parseList(who, 'shape', given, 'invalid-input-size');
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
