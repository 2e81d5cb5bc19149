/**
 * A network prepared for inputs of any size within a bound on memory: whole where it fits, else in parts. A batch is cut
 * into smaller ones, a picture into slices that share a halo, so that no seam shows (see `slices.ts`). All parts have one
 * shape, and one plan serves them all.
 */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { contextOf } from '../context/context.ts';
import { parseSelection } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import { type DividedPlan, planDivided } from '../graph/divided-plan.ts';
import type { NodeReport, Progress, RunAsyncOptions } from '../graph/plan.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { NETWORK_OPTIONS, type NetworkOptions } from './layout.ts';
import type { Network } from './network.ts';
import { graphOf } from './parse.ts';
import { NetworkPlan } from './plan.ts';
import { boundInputs } from './shapes.ts';

export interface PrepareOptions extends NetworkOptions {
  /** What values, workspace and packed weights may take in all; what the context has left when not given. */
  readonly memoryBytes?: number;
}

const PREPARE_OPTIONS: FieldsOf<PrepareOptions> = { ...NETWORK_OPTIONS, memoryBytes: true };

/**
 * Prepares a network for inputs of the given shapes, in parts if memory is short: as the largest part of the batch that
 * fits with every layer by its fastest algorithm, else in slices of a picture. Where not even one image fits so, layers may
 * also fall back to algorithms that take less memory, and whichever of slices and such layers has the least estimated time
 * is taken.
 *
 * @throws NnpackError `out-of-memory` if not even the smallest part fits, and says what it would take
 * @example
 * const enlarge = prepareNetwork(network, { inputs: { LR: [3, 1500, 2000] }, memoryBytes: 2 ** 29 });
 * const { SR } = enlarge.run({ LR: picture }, (done, of) => console.error(`${done} of ${of}`));
 * enlarge.dispose();
 */
export function prepareNetwork(given: Network, options: PrepareOptions = {}): PreparedNetwork {
  const read = readOptions<PrepareOptions>('prepareNetwork', options, PREPARE_OPTIONS);
  const { memoryBytes } = read;
  const context = contextOf('prepareNetwork', read.context);
  const graph = graphOf(given);
  const batch = read.batch ?? 1;
  const inputs = boundInputs(graph, read.inputs ?? {}, batch);
  const who = `network ${show(graph.name)}`;
  const selection = parseSelection(who, read);
  const left = context.arena.largestBytes;
  const bytes = Math.min(left, memoryBytes === undefined ? left : checkBytes(memoryBytes));
  return new PreparedNetwork(
    planDivided({ who, graph, inputs, areImagesApart: true, selection, bytes, context }),
    batch,
  );
}

function checkBytes(memoryBytes: unknown): number {
  if (typeof memoryBytes === 'number' && memoryBytes >= 0) return memoryBytes;
  const what = `memoryBytes is ${show(memoryBytes)}, expected a number of at least 0`;
  throw new NnpackError('invalid-argument', `prepareNetwork: ${what}`);
}

/** A network that `prepareNetwork` laid out within a bound on memory: whole, or as a plan that runs part after part. */
// The values of networks are float32.
export class PreparedNetwork {
  readonly plan: NetworkPlan;
  readonly batch: number;
  readonly #plan: DividedPlan;

  /** @internal */
  constructor(plan: DividedPlan, batch: number) {
    this.plan = new NetworkPlan(plan.part, plan.partImages);
    this.batch = batch;
    this.#plan = plan;
  }

  /** How many times the plan runs for one run of the whole. */
  get parts(): number {
    return this.#plan.parts;
  }

  /** Bytes of the context's memory in use. */
  get bytes(): number {
    return this.#plan.bytes;
  }

  /**
   * Computes the outputs for inputs [N, C, H, W] or [N, C]; the batch may be left out when it is one. Inputs are read as
   * the run begins, and may be written over from then on; for a run in several parts they are copied.
   */
  run(inputs: Readonly<Record<string, TensorLike>>, progress?: Progress): Record<string, Tensor> {
    return this.#plan.run(inputs, progress) as Record<string, Tensor>;
  }

  /** The same as {@link run}, but the event loop has its turn between nodes, and the run can be stopped. */
  runAsync(
    inputs: Readonly<Record<string, TensorLike>>,
    options: RunAsyncOptions = {},
  ): Promise<Record<string, Tensor>> {
    return this.#plan.runAsync(inputs, options) as Promise<Record<string, Tensor>>;
  }

  /** Every node, its milliseconds and multiply-adds summed over all parts of the last run. */
  report(): NodeReport[] {
    return [...this.#plan.report()];
  }

  /** Gives the memory of the plan back. It cannot run afterwards. */
  dispose(): void {
    this.#plan.dispose();
  }
}
