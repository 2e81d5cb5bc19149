/**
 * A network prepared for inputs of one shape: weights packed, memory planned, every node an algorithm and a place. A run
 * copies the inputs in, computes node after node, and copies the outputs out.
 */
import { emptyProfile, now, type Profile } from '../algorithms/algorithm.ts';
import type { SelectionOptions } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import { newTensor, Staging } from '../layers/staging.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { checkTensor, copyIn, copyOut } from '../tensor/tensor.ts';
import { type Context, contextOf } from '../threads/context.ts';
import { breathe } from './breathe.ts';
import { type CompiledNode, type CompileOptions, compileNode, type RunNode } from './compile.ts';
import { type MemoryPlan, planMemory } from './memory-plan.ts';
import type { Network, NetworkNode } from './network.ts';
import { optimize } from './optimize.ts';
import { inferShapes, type NetworkShapes, type Shape } from './shapes.ts';

/** A run that lets others work does so at least this often, if its nodes are short enough. */
const BREATH_MS = 20;

/** How the convolutions of a network are chosen, and where it runs. */
export interface NetworkOptions extends SelectionOptions {
  readonly context?: Context;
  /** Images in a run; 1 when not given. */
  readonly batch?: number;
  /** Shapes of the inputs, batch apart; an input may be left out if the network declares all of its sizes. */
  readonly inputs?: Readonly<Record<string, Shape>>;
}

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

/** A network compiled for its shapes, not loaded yet: what it would need is known. */
export interface Layout {
  readonly network: Network;
  readonly shapes: NetworkShapes;
  readonly memory: MemoryPlan;
  readonly nodes: readonly CompiledNode[];
  readonly workspaceFloats: number;
  readonly constantFloats: number;
}

export function layOut(given: Network, options: NetworkOptions & CompileOptions, context: Context): Layout {
  const network = optimize(given);
  const batch = options.batch ?? 1;
  const shapes = inferShapes(network, options.inputs, batch);
  const withBatch = (name: string): Shape => [batch, ...(shapes.values.get(name) as Shape)];
  const nodes = network.nodes.map((node: NetworkNode) =>
    compileNode(node, node.inputs.map(withBatch), withBatch(node.name), options, context),
  );
  return {
    network,
    shapes,
    memory: planMemory(network, shapes),
    nodes,
    workspaceFloats: nodes.reduce((most, node) => Math.max(most, node.workspaceFloats), 0),
    // Every constant starts on a cache line.
    constantFloats: nodes.reduce((sum, node) => sum + node.constantFloats + 64, 0),
  };
}

/**
 * Bytes of the context's memory that a plan would take: values, the greatest workspace, and all packed weights. With
 * `rule: 'measured'`, which is not done for this, the most that it may take.
 */
export function networkBytes(network: Network, options: NetworkOptions): number {
  const layout = layOut(network, { ...options, isSizing: true }, contextOf('networkBytes', options.context));
  return 4 * (layout.memory.size + layout.workspaceFloats + layout.constantFloats);
}

/**
 * Prepares a network for inputs of one shape. Batch normalisations are folded, activations fused and dropouts dropped
 * first; buffers are reused as soon as nothing reads them any more. `rule: 'measured'` tries each shape of convolution that
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
  const context = contextOf('planNetwork', options.context);
  return new NetworkPlan(context, layOut(network, options, context));
}

export class NetworkPlan {
  readonly context: Context;
  /** Batch, shapes and multiply-adds of every value and node. */
  readonly shapes: NetworkShapes;
  /** The network as it runs. */
  readonly network: Network;
  readonly #layout: Layout;
  readonly #staging: Staging;
  readonly #values: number;
  readonly #workspace: number;
  readonly #runs: RunNode[] = [];
  readonly #profiles: Profile[] = [];
  readonly #milliseconds: number[] = [];
  #disposed = false;
  #running = false;

  constructor(context: Context, layout: Layout) {
    this.context = context;
    this.shapes = layout.shapes;
    this.network = layout.network;
    this.#layout = layout;
    this.#staging = new Staging(context, `network '${layout.network.name}'`);
    try {
      this.#values = this.#staging.allocate(layout.memory.size);
      this.#workspace = this.#staging.allocate(layout.workspaceFloats);
      for (const node of layout.nodes) {
        const profile = emptyProfile();
        this.#runs.push(node.load((floats) => this.#staging.allocate(floats), profile));
        this.#profiles.push(profile);
        this.#milliseconds.push(0);
      }
    } catch (error) {
      this.#staging.release();
      throw error;
    }
  }

  /** Bytes of values, workspace and packed weights. */
  get bytes(): number {
    const { memory, workspaceFloats, constantFloats } = this.#layout;
    return 4 * (memory.size + workspaceFloats + constantFloats);
  }

  /** Milliseconds of a node's last run by NNPACK's phases; undefined for a name that is no node's. */
  profileOf(name: string): Readonly<Profile> | undefined {
    return this.#profiles[this.#layout.nodes.findIndex((node) => node.name === name)];
  }

  /**
   * Computes the outputs for inputs [N, C, H, W] or [N, C]; the batch may be left out when it is one.
   *
   * @returns the network's outputs by name, each with the batch in front
   */
  run(inputs: Readonly<Record<string, TensorLike>>, progress?: Progress): Record<string, Tensor> {
    this.#begin(inputs);
    try {
      for (let i = 0; i < this.#runs.length; i++) this.#runNode(i, progress);
      return this.#outputs();
    } finally {
      this.#running = false;
    }
  }

  /**
   * The same as {@link run}, but the event loop has its turn between nodes: signals, timers and requests are served, and
   * the run can be stopped. One run of a plan at a time.
   */
  async runAsync(
    inputs: Readonly<Record<string, TensorLike>>,
    { progress, signal }: RunAsyncOptions = {},
  ): Promise<Record<string, Tensor>> {
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
      this.#running = false;
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
    this.#expectIdle('dispose');
    this.#disposed = true;
    this.#staging.release();
  }

  #begin(inputs: Readonly<Record<string, TensorLike>>): void {
    if (this.#disposed)
      throw new NnpackError('disposed', `network '${this.network.name}': the plan has been disposed of`);
    this.#expectIdle('run');
    this.context.expectOpen(this.network.name);
    this.#copyInputs(inputs);
    this.#running = true;
  }

  #expectIdle(what: string): void {
    if (!this.#running) return;
    const text = `${what}: a run of this plan is still at work, expected it to be awaited`;
    throw new NnpackError('invalid-context', `network '${this.network.name}': ${text}`);
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
    progress?.(i + 1, nodes.length, nodes[i].name);
  }

  #outputs(): Record<string, Tensor> {
    // Whoever is told of progress may have disposed of the context.
    this.context.expectOpen(this.network.name);
    return Object.fromEntries(this.network.outputs.map((name) => [name, this.#copyOutput(name)]));
  }

  #offset(name: string): number {
    return this.#values + (this.#layout.memory.offsets.get(name) as number);
  }

  #copyInputs(inputs: Readonly<Record<string, TensorLike>>): void {
    const who = `network '${this.network.name}'`;
    const { batch, values } = this.shapes;
    const checked = this.network.inputs.map(({ name }) => {
      const shape = values.get(name) as Shape;
      const ranks = batch === 1 ? [shape.length, shape.length + 1] : [shape.length + 1];
      const tensor = checkTensor(who, `input '${name}'`, inputs?.[name], ranks);
      const expected = tensor.shape.length === shape.length ? shape : [batch, ...shape];
      if (tensor.shape.some((extent, axis) => extent !== expected[axis])) {
        throw new NnpackError(
          'invalid-input-size',
          `${who}: input '${name}' has shape ${show([...tensor.shape])}, expected ${show([...expected])} (what was planned)`,
        );
      }
      return tensor;
    });
    this.network.inputs.forEach(({ name }, i) => {
      copyIn(checked[i], this.context.arena.f32, this.#offset(name));
    });
  }

  #copyOutput(name: string): Tensor {
    const output = newTensor(`network '${this.network.name}'`, [
      this.shapes.batch,
      ...(this.shapes.values.get(name) as Shape),
    ]);
    copyOut(this.context.arena.f32, this.#offset(name), output);
    return output;
  }
}
