/**
 * A graph prepared for inputs of one size: weights packed, memory planned, every node an algorithm and a place. A run
 * copies the inputs in, computes node after node, and copies the outputs out.
 */

import { emptyProfile, now, type Profile } from '../algorithms/algorithm.ts';
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { parseSelection, SELECTION_FIELDS, type SelectionOptions } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import type { Signal } from '../globals.ts';
import { Staging } from '../layers/staging.ts';
import { planLine, runLine } from '../layers/trace-lines.ts';
import { sizeOf, type TypedTensor, type TypedTensorLike } from '../tensor/ndarray.ts';
import { breathe } from './breathe.ts';
import { type CompiledNode, type RunNode, type Shape, wholeLines } from './compiled.ts';
import { defined } from './definition.ts';
import type { Graph, Node } from './graph.ts';
import { bindInputs, type Types, typeOf } from './infer.ts';
import { bytesText, fitLayout, type Layout, layOut, leastBytes } from './layout.ts';
import { whoIs } from './node.ts';
import { OneRun } from './one-run.ts';
import type { OpName } from './ops/table.ts';
import { parseGraph } from './parse-graph.ts';
import { parseByName, parseShapes } from './parse-values.ts';
import { type CheckedInput, checkValue, RunValues } from './run-values.ts';
import { copyNumbers } from './stored.ts';
import type { Name, TensorType } from './values.ts';

/** A run that lets others work does so at least this often, if its nodes are short enough. */
const BREATH_MS = 20;

/** What became of one node, and what it took in the last run. */
export interface NodeReport extends Pick<CompiledNode, 'name' | 'description' | 'rules' | 'algorithm' | 'why'> {
  readonly op: OpName;
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
  readonly signal?: Signal;
}

const RUN_OPTIONS: FieldsOf<RunAsyncOptions> = { progress: true, signal: true };

/** How the convolutions of a graph are chosen, where it runs, and for which sizes. */
export interface GraphOptions extends SelectionOptions {
  readonly context?: Context;
  /** Shapes of the inputs, the batch first; an input whose sizes follow from the others' may be left out. */
  readonly inputs?: Readonly<Record<Name, Shape>>;
}

const GRAPH_OPTIONS: FieldsOf<GraphOptions> = { ...SELECTION_FIELDS, context: true, inputs: true };

/**
 * Prepares a graph for inputs of one size: it is simplified, every node gets an algorithm, and weights are packed. Where the
 * fastest algorithms take more memory than the context has left, some layers fall back to others.
 *
 * @throws NnpackError for shapes that do not fit, values of other types than float32, or more memory than there is
 * @example
 * const plan = planGraph(graph, { inputs: { x: [1, 3, 128, 128] } });
 * const { y } = plan.run({ x: picture });
 * plan.dispose();
 */
export function planGraph(given: Graph, options: GraphOptions = {}): GraphPlan {
  const read = readOptions<GraphOptions>('planGraph', options, GRAPH_OPTIONS);
  const graph = parseGraph(given);
  const context = contextOf('planGraph', read.context);
  const who = `graph ${show(graph.name)}`;
  const shapes = parseByName(who, 'inputs', read.inputs ?? {}, [...graph.inputs.keys()], 'invalid-argument');
  const bound = bindInputs(who, graph, parseShapes(who, shapes));
  const layout = layOut(who, graph, bound, parseSelection(who, read), context);
  return planWithin(layout, context.arena.largestBytes, context);
}

/** A plan within so many bytes, which the context must have left in one piece. */
export function planWithin(layout: Layout, bytes: number, context: Context): GraphPlan {
  const fitted = fitLayout(layout, bytes);
  if (fitted !== null) return new GraphPlan(context, fitted);
  const text = `takes at least ${bytesText(leastBytes(layout))}, expected at most ${bytesText(bytes)}`;
  throw new NnpackError('out-of-memory', `${layout.who}: ${text}`);
}

/** A graph that was laid out for one size of its inputs: it runs many times in memory of its own. */
export class GraphPlan {
  readonly context: Context;
  /** The graph as it runs. */
  readonly graph: Graph;
  /** The types of its values. */
  readonly types: Types;
  readonly #layout: Layout;
  readonly #staging: Staging;
  readonly #oneRun: OneRun;
  readonly #values: RunValues;
  readonly #workspace: number;
  readonly #runs: RunNode[] = [];
  readonly #profiles: Profile[] = [];
  readonly #milliseconds: number[] = [];
  #disposed = false;

  /** @internal */
  constructor(context: Context, layout: Layout) {
    this.context = context;
    this.graph = layout.graph;
    this.types = layout.types;
    this.#layout = layout;
    this.#staging = new Staging(context, layout.who);
    this.#oneRun = new OneRun(layout.who);
    try {
      const start = this.#staging.allocate(layout.floats);
      this.#workspace = start + layout.memory.size;
      const offsets = new Map([...layout.memory.offsets].map(([name, offset]) => [name, start + offset]));
      for (const [name, place] of this.#load(start)) offsets.set(name, place);
      this.#values = new RunValues(context.arena, layout.types, layout.graph.parameters, offsets);
    } catch (error) {
      this.#staging.release();
      throw error;
    }
    for (const node of layout.nodes) if (node.algorithm !== null) context.trace.dispatch?.(this.#planLine(node));
  }

  /** Puts weights and constants behind the values, packed; where the constants lie. */
  #load(start: number): ReadonlyMap<Name, number> {
    let place = start + this.#layout.scratchFloats;
    for (const node of this.#layout.nodes) {
      const profile = emptyProfile();
      // Values and workspace are not in use yet: kernels lie there until they are packed.
      this.#runs.push(node.load({ constants: place, staging: start }, profile));
      this.#profiles.push(profile);
      this.#milliseconds.push(0);
      place += node.constantFloats;
    }
    const places = new Map<Name, number>();
    for (const { name, parameter } of this.#layout.constants) {
      copyNumbers(parameter, this.context.arena.f32, place);
      places.set(name, place);
      place += wholeLines(sizeOf(parameter.type.shape));
    }
    return places;
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
   * Computes the outputs for inputs of the planned shapes; a batch of one may be left out. Inputs are read as the run
   * begins, and may be written over from then on.
   *
   * @returns the graph's outputs by name
   */
  run(inputs: Readonly<Record<string, TypedTensorLike>>, progress?: Progress): Record<string, TypedTensor> {
    expectProgress(this.#layout.who, progress);
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
    inputs: Readonly<Record<string, TypedTensorLike>>,
    options: RunAsyncOptions = {},
  ): Promise<Record<string, TypedTensor>> {
    const { progress, signal } = readRunOptions(this.#layout.who, options);
    this.#begin(inputs);
    try {
      let breath = -Infinity;
      for (let i = 0; i < this.#runs.length; i++) {
        if (now() - breath > BREATH_MS) {
          await breathe();
          signal?.throwIfAborted();
          this.context.expectOpen(this.graph.name);
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
    return this.#layout.nodes.map(({ name, description, rules, algorithm, why }, i) => {
      const { op } = this.graph.nodes[i];
      const { multiplyAdds } = this.#layout.costs[i];
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

  #begin(inputs: Readonly<Record<string, TypedTensorLike>>): void {
    const { who } = this.#layout;
    if (this.#disposed) throw new NnpackError('disposed', `${who}: the plan has been disposed of`);
    this.#oneRun.expectNone('run');
    this.context.expectOpen(this.graph.name);
    const checked = checkInputs(who, this.graph, this.types, inputs);
    for (const [name, input] of checked) this.#values.putInput(name, input);
    this.#oneRun.begin();
  }

  #runNode(i: number, progress?: Progress): void {
    const { nodes } = this.graph;
    const { name } = nodes[i];
    const start = now();
    const profile = this.#profiles[i];
    profile.inputTransform = profile.blockMultiplication = profile.outputTransform = 0;
    this.#compute(nodes[i], i);
    this.#milliseconds[i] = now() - start;
    profile.total = this.#milliseconds[i];
    this.context.trace.profile?.(runLine(this.#what(this.#layout.nodes[i]), this.#layout.nodes[i].algorithm, profile));
    progress?.(i + 1, nodes.length, name);
  }

  #compute(node: Node, i: number): void {
    const { inputs, outputs } = node;
    const values = this.#values;
    if (!this.#layout.nodes[i].isReference) {
      this.#runs[i](inputs.map(values.place), outputs.map(values.place), this.#workspace);
      outputs.forEach((name) => {
        values.round(name);
      });
      return;
    }
    const read = inputs.map((name) => (name === null ? null : values.read(name)));
    for (const [o, value] of defined(node, read).entries()) values.write(outputs[o], value);
  }

  #what(node: CompiledNode): string {
    return `${this.#layout.who} ${whoIs(node)} ${node.description}`;
  }

  #planLine(node: CompiledNode): string {
    const { algorithm, why, workspaceFloats, constantFloats } = node;
    return planLine(this.#what(node), algorithm ?? '', why, 4 * workspaceFloats, 4 * constantFloats);
  }

  #runLine(): string {
    const total = this.#milliseconds.reduce((sum, milliseconds) => sum + milliseconds, 0);
    return runLine(this.#layout.who, `${this.#runs.length} nodes`, { ...emptyProfile(), total });
  }

  #outputs(): Record<string, TypedTensor> {
    // Whoever is told of progress may have disposed of the context.
    this.context.expectOpen(this.graph.name);
    this.context.trace.profile?.(this.#runLine());
    return Object.fromEntries(this.graph.outputs.map((name) => [name, this.#values.output(this.#layout.who, name)]));
  }
}

/** How a run is watched and stopped. */
export function readRunOptions(who: string, options: RunAsyncOptions): RunAsyncOptions {
  const read = readOptions<RunAsyncOptions>(who, options, RUN_OPTIONS);
  if (read.signal !== undefined && !isSignal(read.signal)) {
    throw new NnpackError('invalid-argument', `${who}: signal is ${show(read.signal)}, expected an AbortSignal`);
  }
  expectProgress(who, read.progress);
  return read;
}

/** An AbortSignal of any realm. */
function isSignal(value: unknown): boolean {
  try {
    return typeof (value as Signal).throwIfAborted === 'function';
  } catch {
    return false;
  }
}

export function expectProgress(who: string, progress: unknown): void {
  if (progress === undefined || typeof progress === 'function') return;
  throw new NnpackError('invalid-argument', `${who}: progress is ${show(progress)}, expected a function`);
}

/** The inputs of a run by their names, each with the batch in front. */
export function checkInputs(who: string, graph: Graph, types: Types, inputs: unknown): ReadonlyMap<Name, CheckedInput> {
  const names = [...graph.inputs.keys()];
  const given = parseByName(who, 'inputs', inputs, names, 'invalid-tensor');
  return new Map(names.map((name) => [name, checkInput(who, name, typeOf(types, name), given.get(name))]));
}

function checkInput(who: string, name: Name, { dtype, shape }: TensorType, given: unknown): CheckedInput {
  const [batch, ...image] = shape;
  const ranks = batch === 1 && image.length > 0 ? [image.length, shape.length] : [shape.length];
  const tensor = checkValue(who, `input ${show(name)}`, dtype, given, ranks);
  const expected = tensor.shape.length === shape.length ? shape : image;
  if (tensor.shape.some((extent, axis) => extent !== expected[axis])) {
    throw new NnpackError(
      'invalid-input-size',
      `${who}: input ${show(name)} has shape ${show([...tensor.shape])}, expected ${show([...expected])} (what was planned)`,
    );
  }
  if (tensor.shape.length === shape.length) return tensor;
  const whole = [1, ...tensor.shape];
  return 'stride' in tensor ? { ...tensor, shape: whole, stride: [0, ...tensor.stride] } : { ...tensor, shape: whole };
}
