/** Every node of a graph as it would run, as data and as the rows of a table. */
import { textTable } from '../dispatch/explain.ts';
import type { RuleResult } from '../dispatch/rules.ts';
import type { Layout } from './layout.ts';
import type { NodeReport } from './plan.ts';

/** One node, as a plan's report has it after a run. */
export type NodeExplanation = Omit<NodeReport, 'milliseconds' | 'gflops'>;

/** The nodes of a layout, in the order in which they run. */
export function explainNodes({ graph, costs, nodes }: Layout): readonly NodeExplanation[] {
  return nodes.map(({ name, description, rules, algorithm, why }, i) => {
    return { name, op: graph.nodes[i].op, description, rules, algorithm, why, multiplyAdds: costs[i].multiplyAdds };
  });
}

/** A row for each node, and how many of them the documented rules let leave the default implementation. */
export function explanationText(title: string, nodes: readonly NodeExplanation[]): string {
  const rows = nodes.map((node) => [
    node.name,
    node.op,
    node.description,
    node.multiplyAdds === 0 ? '' : millions(node.multiplyAdds),
    node.algorithm ?? '',
    node.why,
    node.rules === null ? '' : documented(node.rules),
  ]);
  const ruled = nodes.flatMap(({ rules }) => (rules === null ? [] : [rules]));
  const eligible = ruled.filter((rules) => rules.every((rule) => rule.passed));
  return [
    `${title}: ${millions(sumOfMultiplyAdds(nodes))} million multiply-adds`,
    textTable([['node', 'operation', 'sizes', '10⁶ mul-adds', 'algorithm', 'why', 'documented'], ...rows]),
    `documented: ${eligible.length} of the ${ruled.length} nodes that have rules are eligible`,
  ].join('\n\n');
}

export function sumOfMultiplyAdds(nodes: readonly Pick<NodeExplanation, 'multiplyAdds'>[]): number {
  return nodes.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
}

/** `eligible`, or every condition that fails and what it found. */
function documented(rules: readonly RuleResult[]): string {
  const failed = rules.filter((rule) => !rule.passed);
  if (failed.length === 0) return 'eligible';
  return `fails ${failed.map(({ condition, value }) => `${condition} [${value}]`).join('; ')}`;
}

/** In millions, two digits of less than one. */
export function millions(count: number): string {
  return count < 1e6 ? (count / 1e6).toPrecision(2) : (count / 1e6).toFixed(1);
}
