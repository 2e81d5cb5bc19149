/** Every node of a network as it would run: its documented rules, its algorithm, and why; as data and as a table. */
import { readOptions } from '../check/options.ts';
import { contextOf } from '../context/context.ts';
import { textTable } from '../dispatch/explain.ts';
import type { RuleResult } from '../dispatch/rules.ts';
import { parseSelection } from '../dispatch/select.ts';
import { show } from '../errors.ts';
import { fitLayout, type Layout } from '../graph/layout.ts';
import type { NodeReport } from '../graph/plan.ts';
import { layOutNetwork, NETWORK_OPTIONS, type NetworkOptions } from './layout.ts';
import type { Network } from './network.ts';
import { graphOf } from './parse.ts';

/** One node, as a plan's report has it after a run. */
export type NodeExplanation = Omit<NodeReport, 'milliseconds' | 'gflops'>;

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
  constructor({ graph, costs, nodes }: Layout, batch: number) {
    this.name = graph.name;
    this.batch = batch;
    this.multiplyAdds = costs.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
    this.nodes = nodes.map(({ name, description, rules, algorithm, why }, i) => {
      const { op } = graph.nodes[i];
      const { multiplyAdds } = costs[i];
      return { name, op, description, rules, algorithm, why, multiplyAdds };
    });
  }

  /** The explanation as text: a row for each node. */
  toString(): string {
    const rows = this.nodes.map((node) => [
      node.name,
      node.op,
      node.description,
      node.multiplyAdds === 0 ? '' : millions(node.multiplyAdds),
      node.algorithm ?? '',
      node.why,
      node.rules === null ? '' : documented(node.rules),
    ]);
    const ruled = this.nodes.flatMap(({ rules }) => (rules === null ? [] : [rules]));
    const eligible = ruled.filter((rules) => rules.every((rule) => rule.passed));
    return [
      `network ${this.name}, batch ${this.batch}: ${millions(this.multiplyAdds)} million multiply-adds`,
      textTable([['node', 'operation', 'sizes', '10⁶ mul-adds', 'algorithm', 'why', 'documented'], ...rows]),
      `documented: ${eligible.length} of the ${ruled.length} nodes that have rules are eligible`,
    ].join('\n\n');
  }
}

/** `eligible`, or every condition that fails and what it found. */
function documented(rules: readonly RuleResult[]): string {
  const failed = rules.filter((rule) => !rule.passed);
  if (failed.length === 0) return 'eligible';
  return `fails ${failed.map(({ condition, value }) => `${condition} [${value}]`).join('; ')}`;
}

function millions(count: number): string {
  return (count / 1e6).toFixed(1);
}
