/** What works on graphs, for networks: by their graphs, batch apart. */
import { countReaders as countReadersOf, type Graph, type Node, withoutUnused } from '../../src/graph/graph.ts';
import { inferTypes } from '../../src/graph/infer.ts';
import { type MemoryPlan, planMemory as planMemoryOf } from '../../src/graph/memory-plan.ts';
import { dropIdentities as dropIdentitiesOf } from '../../src/graph/passes/drop-identities.ts';
import { foldNormalisation } from '../../src/graph/passes/fold-normalisation.ts';
import { fuseActivations as fuseActivationsOf } from '../../src/graph/passes/fuse-activations.ts';
import * as slices from '../../src/graph/slices.ts';
import { type DoubleTensor, doublesOf, type Name, type Parameter } from '../../src/graph/values.ts';
import { nodeFrom } from '../../src/networks/graph-of.ts';
import type { Network, NetworkNode, Shape } from '../../src/networks/network.ts';
import { graphOf, networkOf } from '../../src/networks/parse.ts';
import { boundInputs, type NetworkShapes } from '../../src/networks/shapes.ts';

export type { Region, SlicePlan } from '../../src/graph/slices.ts';

/** A node of a network as one of a graph, and its numbers. */
export function graphNode(node: NetworkNode): { readonly node: Node; readonly parameters: Map<Name, Parameter> } {
  const { node: own, parameters } = nodeFrom(node, (name) => name);
  return { node: own, parameters: new Map(parameters) };
}

/** What the reference of a node reads: values, and its own numbers in double. */
export function readBy(node: NetworkNode, values: readonly DoubleTensor[]): readonly (DoubleTensor | null)[] {
  const { node: own, parameters } = graphNode(node);
  return own.inputs.map((name, i) => {
    if (i < values.length) return values[i];
    return name === null ? null : doublesOf(parameters.get(name)!);
  });
}

export const countReaders = (network: Network): Map<string, number> => countReadersOf(graphOf(network));

export const neededNodes = (network: Network): NetworkNode[] => {
  const needed = new Set(withoutUnused(graphOf(network)).nodes.map(({ name }) => name));
  return network.nodes.filter(({ name }) => needed.has(name));
};

const byGraph = (pass: (graph: Graph) => Graph) => (network: Network) => networkOf(pass(graphOf(network)));
/** As the passes do it: behind what leaves out nodes that no output needs. */
export const dropIdentities = byGraph((graph) => dropIdentitiesOf(withoutUnused(graph)));
export const foldBatchNormalisation = byGraph(foldNormalisation);
export const fuseActivations = byGraph(fuseActivationsOf);

export function planMemory(network: Network, { batch, values }: NetworkShapes): MemoryPlan {
  const graph = graphOf(network);
  const inputs = Object.fromEntries(network.inputs.map(({ name }) => [name, values.get(name)]));
  return planMemoryOf(graph, inferTypes(graph, boundInputs(graph, inputs, batch)));
}

export const canSlice = (network: Network): true | string => slices.canSlice(graphOf(network));
export const receptiveField = (network: Network) => slices.receptiveField(graphOf(network));

export function planSlices(
  network: Network,
  shape: Shape,
  bytes: number,
  bytesOf?: (height: number, width: number) => number,
): slices.SlicePlan {
  const plan = slices.planSlices(graphOf(network), [1, ...shape], bytes, bytesOf);
  return { ...plan, inputShape: plan.inputShape.slice(1), outputShape: plan.outputShape.slice(1) };
}
