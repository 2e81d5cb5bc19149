import type { Context } from '../context/context.ts';
import { explainNodes, explanationText, type NodeExplanation, sumOfMultiplyAdds } from '../graph/explanation.ts';
import type { Graph } from '../graph/graph.ts';
import { fitLayout, type Layout } from '../graph/layout.ts';

const BY_DEFINITION = 'by its definition, in double: sizes follow from what is computed';

/** How every node of a model runs, and why. Prints as a table. */
export class ModelExplanation {
  /** Of the model. */
  readonly file: string;
  readonly multiplyAdds: number;
  /** The nodes in the order in which they run: after normalisations are folded, activations fused and so on. */
  readonly nodes: readonly NodeExplanation[];

  /** @internal */
  constructor(file: string, nodes: readonly NodeExplanation[]) {
    this.file = file;
    this.nodes = nodes;
    this.multiplyAdds = sumOfMultiplyAdds(nodes);
  }

  /** @internal */
  static of(file: string, graph: Graph, layout: Layout | null, context: Context): ModelExplanation {
    if (layout === null) {
      const none = { description: '', rules: null, algorithm: null, why: BY_DEFINITION, multiplyAdds: 0 };
      return new ModelExplanation(
        file,
        graph.nodes.map(({ name, op }) => ({ name, op, ...none })),
      );
    }
    // What fits nowhere is still explained.
    return new ModelExplanation(file, explainNodes(fitLayout(layout, context.arena.largestBytes) ?? layout));
  }

  /** The explanation as text: a row for each node. */
  toString(): string {
    return explanationText(`model ${this.file}`, this.nodes);
  }
}
