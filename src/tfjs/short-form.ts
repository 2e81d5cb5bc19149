/** A model as a network: the short form, channels first, of what that has words for. */
import { NnpackError, show } from '../errors.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import { mayEqual } from '../graph/ops/inputs.ts';
import { operationOf } from '../graph/ops/table.ts';
import { parseGraph, trusted } from '../graph/parse-graph.ts';
import { fuseActivations } from '../graph/passes/fuse-activations.ts';
import { specialise } from '../graph/passes/specialise.ts';
import { type Network, NODE_OPS } from '../networks/network.ts';
import { networkOf, parseNetwork } from '../networks/parse.ts';
import { declaredShapes } from '../networks/shapes.ts';

/**
 * @param given whose pictures lie channels first
 * @throws NnpackError 'unsupported-layer' for values and operations that only a graph has
 */
export function networkOfModel(given: Graph): Network {
  for (const [name, { dtype, shape }] of given.inputs) {
    const isShort = dtype === 'float32' && (shape.length === 2 || shape.length === 4);
    if (isShort) continue;
    const what = `has ${shape.length} axes of ${dtype}, expected [batch, H, W, C] or [batch, C] of float32`;
    throw new NnpackError('unsupported-layer', `input ${show(name)}: ${what} (a graph may have others)`);
  }
  const graph = trusted(fuseActivations(withAdditions(specialise(parseGraph(given)))));
  for (const node of graph.nodes) {
    const isShort = NODE_OPS.some((op) => op === node.op) && node.outputs.length === 1;
    const areParameters = node.inputs.slice(operationOf(node).inputs.most - (operationOf(node).weights?.length ?? 0));
    if (isShort && areParameters.every((name) => name === null || graph.parameters.has(name))) continue;
    const what = `needs the operation ${node.op}, which networks do not have (graphs do)`;
    throw new NnpackError('unsupported-layer', `layer ${show(node.outputs[0])}: ${what}`);
  }
  const network = parseNetwork(networkOf(graph));
  declaredShapes(network);
  return network;
}

/** Sums of values whose sizes are not known, as those of one shape: networks check that when these are. */
function withAdditions(graph: Graph): Graph {
  const types = inferTypes(graph);
  const nodes = graph.nodes.map((node): Node => {
    const shapes = node.inputs.map((name) =>
      name === null || graph.parameters.has(name) ? [] : (types.get(name)?.shape ?? []),
    );
    const [first] = shapes;
    const mayBeOne = shapes.every((shape) => {
      return shape.length === first.length && shape.every((size, axis) => mayEqual(size, first[axis]));
    });
    return node.op === 'sum' && first.length > 0 && mayBeOne ? { ...node, op: 'addition', attributes: {} } : node;
  });
  return { ...graph, nodes };
}
