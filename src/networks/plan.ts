/**
 * A network prepared for inputs of one shape: weights packed, memory planned, every node an algorithm and a place. A run
 * copies the inputs in, computes node after node, and copies the outputs out.
 */
import { emptyProfile, now, type Profile } from '../algorithms/algorithm.ts';
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { newTensor, Staging } from '../layers/staging.ts';
import { planLine, runLine } from '../layers/trace-lines.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor, copyIn, copyOut } from '../tensor/tensor.ts';
import { breathe } from './breathe.ts';
import type { CompiledNode, RunNode } from './compiled.ts';
import {
  bytesText,
  fitLayout,
  type Layout,
  layOut,
  leastBytes,
  NETWORK_OPTIONS,
  type NetworkOptions,
} from './layout.ts';
import { type Network, whoIs } from './network.ts';
import { OneRun } from './one-run.ts';
import { parseByName } from './parse-values.ts';
import type { NetworkShapes, Shape } from './shapes.ts';

export type { NetworkOptions } from './layout.ts';

/** A run that lets others work does so at least this often, if its nodes are short enough. */
const BREATH_MS = 20;

/** What became of one node, and what it took in the last run. */
export interface NodeReport extends Pick<CompiledNode, 'name' | 'op' | 'description' | 'rules' | 'algorithm' | 'why'> {
  readonly multiplyAdds: number;
  /** Milliseconds, of the last run. */
  readonly milliseconds: number;
  /** 2 · multiply-adds of the direct computation in that time, whatever the algorithm really did. */
  readonly gflops: number;
}

/** Called after every node: how many are done, of how many. */
export type Progress = (done: number, of: number, name: string) => void;

/** How a run that lets others work meanwhile is watched and stopped. */
export interface RunAsyncOptions {
  readonly progress?: Progress;
  /** Aborted: the run ends before the next node, and its promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

const RUN_OPTIONS: FieldsOf<RunAsyncOptions> = { progress: true, signal: true };

/**
 * Bytes of the context's memory that a plan by the nodes' own choices would take: values, the greatest workspace, and all
 * packed weights. With `rule: 'measured'`, which is not done for this, the most that it may take.
 */
export function networkBytes(network: Network, options: NetworkOptions): number {
  return 4 * layOut(network, { ...options, isSizing: true }, contextOf('networkBytes', options.context)).floats;
}

/** A plan within so many bytes; more than the context has left in one piece are not to be had. */
export function planWithin(given: Network, options: NetworkOptions, bytes: number, context: Context): NetworkPlan {
  const layout = layOut(given, options, context);
  const fitted = fitLayout(layout, bytes);
  if (fitted !== null) return new NetworkPlan(context, fitted);
  const text = `takes at least ${bytesText(leastBytes(layout))}, expected at most ${bytesText(bytes)}`;
  throw new NnpackError('out-of-memory', `network ${show(layout.network.name)}: ${text}`);
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
  return planWithin(network, read, context.arena.largestBytes, context);
}

/** A network that `planNetwork` laid out for one batch and one size of its inputs: it runs many times in memory of its own. */
export class NetworkPlan {
  readonly context: Context;
  /** Batch, shapes and multiply-adds of every value and node. */
  readonly shapes: NetworkShapes;
  /** The network as it runs. */
  readonly network: Network;
  readonly #layout: Layout;
  readonly #staging: Staging;
  readonly #oneRun: OneRun;
  readonly #values: number;
  readonly #workspace: number;
  readonly #runs: RunNode[] = [];
  readonly #profiles: Profile[] = [];
  readonly #milliseconds: number[] = [];
  #disposed = false;

  /** @internal */
  constructor(context: Context, layout: Layout) {
    this.context = context;
    this.shapes = layout.shapes;
    this.network = layout.network;
    this.#layout = layout;
    const who = `network ${show(layout.network.name)}`;
    this.#staging = new Staging(context, who);
    this.#oneRun = new OneRun(who);
    try {
      this.#values = this.#staging.allocate(layout.floats);
      this.#workspace = this.#values + layout.memory.size;
      let constants = this.#values + layout.scratchFloats;
      for (const node of layout.nodes) {
        const profile = emptyProfile();
        // Values and workspace are not in use yet: kernels lie there until they are packed.
        this.#runs.push(node.load({ constants, staging: this.#values }, profile));
        this.#profiles.push(profile);
        this.#milliseconds.push(0);
        constants += node.constantFloats;
      }
    } catch (error) {
      this.#staging.release();
      throw error;
    }
    for (const node of layout.nodes) if (node.algorithm !== null) context.trace.dispatch?.(this.#planLine(node));
  }

  /** Bytes of values, workspace and packed weights. */
  get bytes(): number {
    return 4 * this.#layout.floats;
  }

  /** Milliseconds of a node's last run by NNPACK's phases; undefined for a name that is no node's. */
  profileOf(name: string): Readonly<Profile> | undefined {
    return this.#profiles[this.#layout.nodes.findIndex((node) => node.name === name)];
  }

  /**
   * Computes the outputs for inputs [N, C, H, W] or [N, C]; the batch may be left out when it is one. Inputs are read as
   * the run begins, and may be written over from then on.
   *
   * @returns the network's outputs by name, each with the batch in front
   */
  run(inputs: Readonly<Record<string, TensorLike>>, progress?: Progress): Record<string, Tensor> {
    expectProgress(this.network, progress);
    this.#begin(inputs);
    try {
      for (let i = 0; i < this.#runs.length; i++) this.#runNode(i, progress);
      return this.#outputs();
    } finally {
      this.#oneRun.end();
    }
  }

  /**
   * The same as {@link run}, but the event loop has its turn between nodes: signals, timers and requests are served, and
   * the run can be stopped. One run of a plan at a time.
   */
  async runAsync(
    inputs: Readonly<Record<string, TensorLike>>,
    options: RunAsyncOptions = {},
  ): Promise<Record<string, Tensor>> {
    const { progress, signal } = readRunOptions(this.network, options);
    this.#begin(inputs);
    try {
      let breath = -Infinity;
      for (let i = 0; i < this.#runs.length; i++) {
        if (now() - breath > BREATH_MS) {
          await breathe();
          signal?.throwIfAborted();
          this.context.expectOpen(this.network.name);
          breath = now();
        }
        this.#runNode(i, progress);
      }
      return this.#outputs();
    } finally {
      this.#oneRun.end();
    }
  }

  /** Every node: what it is, how it was chosen, and what it took. */
  report(): NodeReport[] {
    return this.#layout.nodes.map(({ name, op, description, rules, algorithm, why }, i) => {
      const { multiplyAdds } = this.shapes.nodes[i];
      const milliseconds = this.#milliseconds[i];
      const gflops = milliseconds === 0 ? 0 : (2 * multiplyAdds) / milliseconds / 1e6;
      return { name, op, description, rules, algorithm, why, multiplyAdds, milliseconds, gflops };
    });
  }

  /** Gives all of its memory back. Disposing twice is harmless. */
  dispose(): void {
    if (this.#disposed) return;
    this.#oneRun.expectNone('dispose');
    this.#disposed = true;
    this.#staging.release();
  }

  #begin(inputs: Readonly<Record<string, TensorLike>>): void {
    if (this.#disposed)
      throw new NnpackError('disposed', `network ${show(this.network.name)}: the plan has been disposed of`);
    this.#oneRun.expectNone('run');
    this.context.expectOpen(this.network.name);
    const checked = checkInputs(this.network, this.shapes, inputs);
    for (const [name, tensor] of checked) copyIn(tensor, this.context.arena.f32, this.#offset(name));
    this.#oneRun.begin();
  }

  #runNode(i: number, progress?: Progress): void {
    const { nodes } = this.network;
    const start = now();
    const profile = this.#profiles[i];
    profile.inputTransform = profile.blockMultiplication = profile.outputTransform = 0;
    this.#runs[i](
      nodes[i].inputs.map((name) => this.#offset(name)),
      this.#offset(nodes[i].name),
      this.#workspace,
    );
    this.#milliseconds[i] = now() - start;
    profile.total = this.#milliseconds[i];
    this.context.trace.profile?.(runLine(this.#what(this.#layout.nodes[i]), this.#layout.nodes[i].algorithm, profile));
    progress?.(i + 1, nodes.length, nodes[i].name);
  }

  #what({ name, op, description }: CompiledNode): string {
    return `network ${show(this.network.name)} ${whoIs({ name, op })} ${description}`;
  }

  #planLine(node: CompiledNode): string {
    const { algorithm, why, workspaceFloats, constantFloats } = node;
    return planLine(this.#what(node), algorithm ?? '', why, 4 * workspaceFloats, 4 * constantFloats);
  }

  #runLine(): string {
    const total = this.#milliseconds.reduce((sum, milliseconds) => sum + milliseconds, 0);
    return runLine(`network ${show(this.network.name)}`, `${this.#runs.length} nodes`, { ...emptyProfile(), total });
  }

  #outputs(): Record<string, Tensor> {
    // Whoever is told of progress may have disposed of the context.
    this.context.expectOpen(this.network.name);
    this.context.trace.profile?.(this.#runLine());
    return Object.fromEntries(this.network.outputs.map((name) => [name, this.#copyOutput(name)]));
  }

  #offset(name: string): number {
    return this.#values + (this.#layout.memory.offsets.get(name) as number);
  }

  #copyOutput(name: string): Tensor {
    const output = newTensor(`network ${show(this.network.name)}`, [
      this.shapes.batch,
      ...(this.shapes.values.get(name) as Shape),
    ]);
    copyOut(this.context.arena.f32, this.#offset(name), output);
    return output;
  }
}

/** How a run is watched and stopped. */
export function readRunOptions(network: Network, options: RunAsyncOptions): RunAsyncOptions {
  const who = `network ${show(network.name)}`;
  const read = readOptions<RunAsyncOptions>(who, options, RUN_OPTIONS);
  if (read.signal !== undefined && !isSignal(read.signal)) {
    throw new NnpackError('invalid-argument', `${who}: signal is ${show(read.signal)}, expected an AbortSignal`);
  }
  expectProgress(network, read.progress);
  return read;
}

/** An AbortSignal of any realm. */
function isSignal(value: unknown): boolean {
  try {
    return typeof (value as AbortSignal).throwIfAborted === 'function';
  } catch {
    return false;
  }
}

export function expectProgress({ name }: Network, progress: unknown): void {
  if (progress === undefined || typeof progress === 'function') return;
  const what = `progress is ${show(progress)}, expected a function`;
  throw new NnpackError('invalid-argument', `network ${show(name)}: ${what}`);
}

/** The inputs of a run by their names, each with the batch in front. */
export function checkInputs(
  network: Network,
  { batch, values }: NetworkShapes,
  inputs: unknown,
): ReadonlyMap<string, CheckedTensor> {
  const who = `network ${show(network.name)}`;
  const names = network.inputs.map(({ name }) => name);
  const given = parseByName(who, 'inputs', inputs, names, 'invalid-tensor');
  return new Map(names.map((name) => [name, checkInput(who, name, values.get(name) as Shape, batch, given.get(name))]));
}

function checkInput(who: string, name: string, shape: Shape, batch: number, given: unknown): CheckedTensor {
  const ranks = batch === 1 ? [shape.length, shape.length + 1] : [shape.length + 1];
  const tensor = checkTensor(who, `input ${show(name)}`, given, ranks);
  const expected = tensor.shape.length === shape.length ? shape : [batch, ...shape];
  if (tensor.shape.some((extent, axis) => extent !== expected[axis])) {
    throw new NnpackError(
      'invalid-input-size',
      `${who}: input ${show(name)} has shape ${show([...tensor.shape])}, expected ${show([...expected])} (what was planned)`,
    );
  }
  if (tensor.shape.length > shape.length) return tensor;
  return { ...tensor, shape: [1, ...tensor.shape], stride: [0, ...tensor.stride] };
}
