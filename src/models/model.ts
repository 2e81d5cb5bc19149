/** A model whatever its format: what it takes and gives, and runs of it, one after another. */

import { type FieldsOf, readOptions } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import type { ParsedSelection } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import type { Signal } from '../globals.ts';
import type { Shape } from '../graph/compiled.ts';
import { GraphRunner } from '../graph/graph-runner.ts';
import { parseByName, parseShapes } from '../graph/parse-values.ts';
import { type NodeReport, type Progress, readRunOptions } from '../graph/plan.ts';
import { isTensorType, type Name } from '../graph/values.ts';
import type { TypedTensor, TypedTensorLike } from '../tensor/ndarray.ts';
import { checkShape } from '../tensor/tensor.ts';
import { ModelExplanation } from './explanation.ts';
import { parseOutputs, writeOutputs } from './outputs.ts';
import type { ModelFormat, ModelSource, ModelValue } from './source.ts';
import { Turns } from './turns.ts';

/** Graphs that are kept of a model whose files do not tell its shapes: those of the shapes that ran last. */
const MOST_GRAPHS = 4;

const RANKS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** What a run of a model takes besides its inputs. */
export interface ModelRunOptions {
  /** Arrays that outputs are written into, by name, each of the output's type and shape; the others are made. */
  readonly output?: Readonly<Record<Name, TypedTensor>>;
  /** Aborted: the run ends before its next node, or without having begun, and rejects with the signal's reason. */
  readonly signal?: Signal;
  /** Called after each node: how many are done, of how many, and its name. */
  readonly progress?: Progress;
}

const RUN_OPTIONS: FieldsOf<ModelRunOptions> = { output: true, signal: true, progress: true };

/** The graph for inputs of some shapes. */
interface Prepared {
  readonly shapes: string;
  readonly runner: GraphRunner;
}

/**
 * A model that was read, by `openModel` or `parseModel`. It takes and gives arrays in the layout and of the types that its
 * files say: N H W C where they say so, int64 as `BigInt64Array`, bool as `Uint8Array` of 0 and 1, float16 and bfloat16 as
 * `Float32Array` of their values.
 */
export class Model {
  readonly format: ModelFormat;
  /** By name, in the order of the files; labels, which only training reads, are not among them. */
  readonly inputs: ReadonlyMap<Name, ModelValue>;
  /** By name, in the order of the files. */
  readonly outputs: ReadonlyMap<Name, ModelValue>;
  /** What the files tell about themselves, by the format's own names. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What breaks the format's letter and was read all the same, a sentence each. */
  readonly notes: readonly string[];
  /** @internal */
  readonly source: ModelSource;
  readonly #context: Context;
  readonly #selection: ParsedSelection;
  readonly #who: string;
  readonly #turns = new Turns();
  /** The one that ran last is the last. */
  readonly #prepared: Prepared[] = [];
  #disposed = false;

  /** @internal */
  constructor(source: ModelSource, selection: ParsedSelection, context: Context) {
    this.source = source;
    this.format = source.format;
    this.inputs = source.inputs;
    this.outputs = source.outputs;
    this.metadata = source.metadata;
    this.notes = source.notes;
    this.#selection = selection;
    this.#context = context;
    this.#who = `model ${show(source.file)}`;
  }

  /**
   * Computes the outputs. Runs may overlap: they take turns, in the order of the calls. Inputs are read as a run begins,
   * which is before `run` returns if no other is at work, and may be written over from then on. A picture too large for the
   * context's memory is computed slice by slice, without seams, where every layer is local and of stride 1.
   *
   * @param inputs arrays by the names of the model's inputs, of their types, with the batch where the model has one
   * @returns the outputs by name; those of `options.output` are what was given there
   * @throws NnpackError for inputs that are missing, unknown or do not fit; 'disposed'; 'out-of-memory'
   * @example
   * const { scores } = await model.run({ image: ndarray(pixels, [1, 3, 224, 224]) });
   */
  run(
    inputs: Readonly<Record<Name, TypedTensorLike>>,
    options: ModelRunOptions = {},
  ): Promise<Record<Name, TypedTensor>> {
    return this.runReported(inputs, options, () => {});
  }

  /**
   * The same, with the report of this very run, which another may follow at once.
   *
   * @internal
   */
  async runReported(
    inputs: Readonly<Record<Name, TypedTensorLike>>,
    options: ModelRunOptions,
    whenDone: (runner: GraphRunner) => void,
  ): Promise<Record<Name, TypedTensor>> {
    const { output, ...rest } = readOptions<ModelRunOptions>(this.#who, options, RUN_OPTIONS);
    const runOptions = readRunOptions(this.#who, rest);
    const into = parseOutputs(this.#who, output, this.outputs);
    this.#expectOpen();
    runOptions.signal?.throwIfAborted();
    return this.#turns.take(async () => {
      this.#expectOpen();
      const runner = this.#runnerFor(this.#shapesOf(inputs));
      const results = await runner.runAsync(inputs, runOptions);
      whenDone(runner);
      return into === null ? results : writeOutputs(this.#who, results, into);
    }, runOptions.signal);
  }

  /** What became of the nodes in the last run: algorithms, times; empty where they ran by their definitions, or nothing ran. */
  report(): readonly NodeReport[] {
    return this.#prepared.at(-1)?.runner.report() ?? [];
  }

  /** @internal How many parts the last run was cut into. */
  get parts(): number {
    return this.#prepared.at(-1)?.runner.parts ?? 1;
  }

  /**
   * Why each node would run as it does, as data and as a table. Nothing is loaded or computed, but for the layers that
   * `rule: 'measured'` tries.
   *
   * @param inputs shapes of the inputs, those of the last run when not given; one that the files tell whole may be left out
   * @throws NnpackError for shapes that do not fit, or that are told by nobody
   * @example
   * console.log(String(model.explain({ image: [1, 3, 224, 224] })));
   */
  explain(inputs?: Readonly<Record<Name, Shape>>): ModelExplanation {
    this.#expectOpen();
    const file = this.source.file;
    const report = this.report();
    if (inputs === undefined && report.length > 0) return new ModelExplanation(file, report);
    const shapes = parseShapes(
      this.#who,
      parseByName(this.#who, 'inputs', inputs ?? {}, [...this.inputs.keys()], 'invalid-argument'),
    );
    const all = new Map(
      [...this.inputs].map(([name, value]) => [name, shapes.get(name) ?? this.#toldShape(name, value)]),
    );
    const graph = this.source.graphFor(all);
    const layout = new GraphRunner(this.#who, graph, this.#selection, this.#context).layout(all);
    return ModelExplanation.of(file, graph, layout, this.#context);
  }

  /**
   * Gives all memory back; it cannot run afterwards. Disposing twice is harmless.
   *
   * @throws NnpackError 'invalid-context' while a run is at work or waits
   */
  dispose(): void {
    if (this.#turns.isBusy) {
      const text = 'dispose: a run of this model is still at work, expected it to be awaited';
      throw new NnpackError('invalid-context', `${this.#who}: ${text}`);
    }
    this.#disposed = true;
    for (const { runner } of this.#prepared.splice(0)) runner.dispose();
  }

  #expectOpen(): void {
    if (this.#disposed) throw new NnpackError('disposed', `${this.#who}: it has been disposed of`);
  }

  /** The shapes of what a run is given, where its graph depends on them. */
  #shapesOf(inputs: unknown): ReadonlyMap<Name, Shape> {
    if (this.source.isFixed) return new Map();
    const given = parseByName(this.#who, 'inputs', inputs, [...this.inputs.keys()], 'invalid-tensor');
    return new Map(
      [...this.inputs.keys()].map((name) => {
        if (!given.has(name)) throw new NnpackError('invalid-tensor', `${this.#who}: input ${show(name)} is missing`);
        return [name, checkShape(this.#who, `input ${show(name)}`, given.get(name), RANKS).shape];
      }),
    );
  }

  #runnerFor(shapes: ReadonlyMap<Name, Shape>): GraphRunner {
    const text = [...shapes.values()].join(';');
    const known = this.#prepared.findIndex((each) => each.shapes === text);
    const prepared = known < 0 ? this.#prepare(shapes, text) : this.#prepared.splice(known, 1)[0];
    this.#prepared.push(prepared);
    while (this.#prepared.length > MOST_GRAPHS) this.#prepared.shift()?.runner.dispose();
    return prepared.runner;
  }

  #prepare(shapes: ReadonlyMap<Name, Shape>, text: string): Prepared {
    const graph = this.source.graphFor(shapes);
    // The one that runs is the last.
    const giveWay = () => {
      const others = this.#prepared.length - 1;
      if (others > 0) this.#prepared.shift()?.runner.dispose();
      return others > 0;
    };
    return { shapes: text, runner: new GraphRunner(this.#who, graph, this.#selection, this.#context, giveWay) };
  }

  #toldShape(name: Name, { dtype, shape }: ModelValue): Shape {
    if (dtype !== null && shape !== null && isTensorType({ dtype, shape })) return shape as Shape;
    const got = shape === null ? 'the files do not tell its shape' : `its shape is ${show([...shape])}`;
    const what = `explain: input ${show(name)} expected its sizes ({ ${show(name)}: [1, …] }), ${got}`;
    throw new NnpackError('invalid-input-size', `${this.#who}: ${what}`);
  }
}
