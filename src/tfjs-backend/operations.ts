/** Operations of graphs without weights, one at a time. */
import { emptyProfile } from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import { type ParsedSelection, parseSelection } from '../dispatch/select.ts';
import type { RunNode, Shape } from '../graph/compiled.ts';
import type { Operation } from '../graph/ops/operation.ts';
import { Recent } from './recent.ts';

/** A value in the context's memory. */
export interface Placed {
  readonly at: number;
  readonly shape: Shape;
}

/** One node with its sizes known. */
export interface CompiledOperation {
  readonly workspaceFloats: number;
  readonly run: RunNode;
}

/** As many nodes as large networks have; a network that is given other sizes each time does not let them pile up. */
const MOST_KNOWN = 1024;

export class OperationRunner {
  readonly #context: Context;
  readonly #options: ParsedSelection = parseSelection('nnpack', {});
  readonly #known = new Recent<CompiledOperation>(MOST_KNOWN);

  constructor(context: Context) {
    this.#context = context;
  }

  /** An operation for values and a result of known sizes. */
  of<A extends object>(
    name: string,
    operation: Operation<A>,
    attributes: A,
    inputs: readonly Placed[],
    y: Placed,
  ): CompiledOperation {
    const shapes = inputs.map(({ shape }) => shape);
    const key = `${name} ${JSON.stringify(attributes)} ${shapes.join(' ')} ${y.shape}`;
    return this.#known.of(key, () => this.#compile(name, operation, attributes, shapes, y.shape));
  }

  #compile<A extends object>(
    name: string,
    operation: Operation<A>,
    attributes: A,
    inputs: readonly Shape[],
    output: Shape,
  ): CompiledOperation {
    const node = { name, op: name, inputs: inputs.map((_, i) => `x${i}`), outputs: ['y'], attributes };
    const rest = { weights: [], settings: [], options: this.#options, context: this.#context };
    const lowered = operation.lower?.({ node, inputs, outputs: [output], ...rest });
    if (!lowered) throw new TypeError(`${name} has no kernels`);
    const run = lowered.load({ constants: 0, staging: 0 }, emptyProfile());
    return { workspaceFloats: lowered.workspaceFloats ?? 0, run };
  }
}
