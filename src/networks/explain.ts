/** Every node of a network as it would run: its documented rules, its algorithm, and why; as data and as a table. */
import { readOptions } from '../check/options.ts';
import { contextOf } from '../context/context.ts';
import { parseSelection } from '../dispatch/select.ts';
import { show } from '../errors.ts';
import { explainNodes, explanationText, type NodeExplanation, sumOfMultiplyAdds } from '../graph/explanation.ts';
import { fitLayout, type Layout } from '../graph/layout.ts';
import { layOutNetwork, NETWORK_OPTIONS, type NetworkOptions } from './layout.ts';
import type { Network } from './network.ts';
import { graphOf } from './parse.ts';

/**
 * Why each node of a network would run as it does. Nothing is loaded or computed, but for the layers that
 * `rule: 'measured'` tries; the nodes are those that run, after batch normalisations are folded, activations fused and
 * dropouts dropped.
 *
 * @throws NnpackError for shapes that do not fit
 * @example
 * console.log(String(explainNetwork(buildNetwork('alexnet'), { batch: 2, eligibility: 'documented' })));
 */
export function explainNetwork(network: Network, options: NetworkOptions = {}): NetworkExplanation {
  const read = readOptions('explainNetwork', options, NETWORK_OPTIONS);
  const context = contextOf('explainNetwork', read.context);
  const graph = graphOf(network);
  const layout = layOutNetwork(graph, read, parseSelection(`network ${show(graph.name)}`, read), context);
  // What fits nowhere is still explained.
  return new NetworkExplanation(fitLayout(layout, context.arena.largestBytes) ?? layout, read.batch ?? 1);
}

/** Prints as a table. */
export class NetworkExplanation {
  /** The name of the network. */
  readonly name: string;
  /** Images in a run. */
  readonly batch: number;
  /** Of the whole batch. */
  readonly multiplyAdds: number;
  /** The nodes in the order in which they run. */
  readonly nodes: readonly NodeExplanation[];

  /** @internal */
  constructor(layout: Layout, batch: number) {
    this.name = layout.graph.name;
    this.batch = batch;
    this.nodes = explainNodes(layout);
    this.multiplyAdds = sumOfMultiplyAdds(this.nodes);
  }

  /** The explanation as text: a row for each node. */
  toString(): string {
    return explanationText(`network ${this.name}, batch ${this.batch}`, this.nodes);
  }
}
