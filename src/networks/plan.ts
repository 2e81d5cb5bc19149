/** A network prepared for one batch and one size of its inputs: its graph's plan, by the network's own names and shapes. */
import type { Profile } from '../algorithms/algorithm.ts';
import { readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { parseSelection } from '../dispatch/select.ts';
import { show } from '../errors.ts';
import { type GraphPlan, type NodeReport, type Progress, planWithin, type RunAsyncOptions } from '../graph/plan.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { layOutNetwork, NETWORK_OPTIONS, type NetworkOptions } from './layout.ts';
import type { Network } from './network.ts';
import { graphOf, networkOf } from './parse.ts';
import { type NetworkShapes, shapesOf } from './shapes.ts';

export type { NodeReport, Progress, RunAsyncOptions } from '../graph/plan.ts';
export type { NetworkOptions } from './layout.ts';

/**
 * Bytes of the context's memory that a plan by the nodes' own choices would take: values, the greatest workspace, and all
 * packed weights. Nothing is measured for this: with `rule: 'measured'` it is the most that the plan may take.
 */
export function networkBytes(network: Network, options: NetworkOptions): number {
  const context = contextOf('networkBytes', options.context);
  const selection = parseSelection('networkBytes', options);
  return 4 * layOutNetwork(graphOf(network), options, { ...selection, isSizing: true }, context).floats;
}

/**
 * Prepares a network for inputs of one shape. Batch normalisations are folded, activations fused and dropouts dropped
 * first; buffers are reused as soon as nothing reads them any more. Where the fastest algorithms take more memory than the
 * context has left, some layers fall back to others, as the report says. `rule: 'measured'` tries each shape of convolution that
 * the context has not met, which takes about a tenth of a second, or some tens of runs where a run is long. All that is one
 * stretch in which the event loop has no turn; where it must, call `explainConvolution` for one shape at a time before.
 *
 * @throws NnpackError for shapes that do not fit, or more memory than the context has
 * @example
 * const plan = planNetwork(await loadLayersModel('model.json'), { inputs: { image: [3, 128, 128] } });
 * const { enlarged } = plan.run({ image });
 * for (const node of plan.report()) console.log(node.name, node.algorithm, node.milliseconds);
 * plan.dispose();
 */
export function planNetwork(network: Network, options: NetworkOptions = {}): NetworkPlan {
  const read = readOptions('planNetwork', options, NETWORK_OPTIONS);
  const context = contextOf('planNetwork', read.context);
  const graph = graphOf(network);
  const selection = parseSelection(`network ${show(graph.name)}`, read);
  const layout = layOutNetwork(graph, read, selection, context);
  return new NetworkPlan(planWithin(layout, context.arena.largestBytes, context), read.batch ?? 1);
}

/** A network that `planNetwork` laid out for one batch and one size of its inputs: it runs many times in memory of its own. */
// The values of networks are float32.
export class NetworkPlan {
  readonly context: Context;
  readonly #plan: GraphPlan;
  readonly #batch: number;
  #shapes: NetworkShapes | undefined;

  /** @internal */
  constructor(plan: GraphPlan, batch: number) {
    this.context = plan.context;
    this.#plan = plan;
    this.#batch = batch;
  }

  /** Batch, shapes and multiply-adds of every value and node. */
  get shapes(): NetworkShapes {
    this.#shapes ??= shapesOf(this.#plan.graph, this.#plan.types, this.#batch);
    return this.#shapes;
  }

  /** The network as it runs. */
  get network(): Network {
    return networkOf(this.#plan.graph);
  }

  /** Bytes of values, workspace and packed weights. */
  get bytes(): number {
    return this.#plan.bytes;
  }

  /** Milliseconds of a node's last run by NNPACK's phases; undefined for a name that is no node's. */
  profileOf(name: string): Readonly<Profile> | undefined {
    return this.#plan.profileOf(name);
  }

  /**
   * Computes the outputs for inputs [N, C, H, W] or [N, C]; the batch may be left out when it is one. Inputs are read as
   * the run begins, and may be written over from then on.
   *
   * @returns the network's outputs by name, each with the batch in front
   */
  run(inputs: Readonly<Record<string, TensorLike>>, progress?: Progress): Record<string, Tensor> {
    return this.#plan.run(inputs, progress) as Record<string, Tensor>;
  }

  /**
   * The same as {@link run}, but the event loop has its turn between nodes: signals, timers and requests are served, and
   * the run can be stopped. One run of a plan at a time.
   */
  runAsync(
    inputs: Readonly<Record<string, TensorLike>>,
    options: RunAsyncOptions = {},
  ): Promise<Record<string, Tensor>> {
    return this.#plan.runAsync(inputs, options) as Promise<Record<string, Tensor>>;
  }

  /** Every node: what it is, how it was chosen, and what it took. */
  report(): NodeReport[] {
    return this.#plan.report();
  }

  /** Gives all of its memory back. Disposing twice is harmless. */
  dispose(): void {
    this.#plan.dispose();
  }
}
