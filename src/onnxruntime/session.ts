/** `InferenceSession` as ONNX Runtime's packages have it: how calls are written, and nothing else. */
import type { InferenceSession as Common, OnnxValue } from 'onnxruntime-common';
import { isUint8Array } from '../check/arrays.ts';
import { isRecord, reading } from '../check/options.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import type { Shape } from '../graph/compiled.ts';
import { parseList } from '../graph/parse-values.ts';
import type { Name } from '../graph/values.ts';
import type { ModelExplanation } from '../models/explanation.ts';
import { createHandler, noOutput, type SessionHandler } from './handler.ts';
import { isBuffer } from './model-files.ts';
import { RUN_OPTIONS } from './run-options.ts';
import type { SessionOptions as Options } from './session-options.ts';
import { isTensorLike } from './tensors.ts';

type Fetches = Readonly<Record<Name, OnnxValue | null>>;

const CREATE = 'InferenceSession.create';

/**
 * An ONNX model that runs on this library, by ONNX Runtime's interface. Options are those of its type, and mean what
 * docs/onnxruntime.md says; an unknown one is refused.
 *
 * @example
 * const session = await InferenceSession.create('model.onnx', { intraOpNumThreads: 2 });
 * const { scores } = await session.run({ image: new Tensor('float32', pixels, [1, 3, 224, 224]) });
 * await session.release();
 */
export class InferenceSession implements Common {
  readonly #handler: SessionHandler;

  private constructor(handler: SessionHandler) {
    this.#handler = handler;
  }

  /**
   * Reads a model and makes a session of it.
   *
   * @param model a path on disk, where there is one, else a URL; or the bytes of the file, which are copied
   * @throws NnpackError for options that are unknown or make no sense; for a model as `openModel` does
   */
  static create(model: string | Uint8Array | ArrayBufferLike, options?: Options): Promise<InferenceSession>;
  /** The same of part of a buffer. */
  static create(
    model: ArrayBufferLike,
    byteOffset: number,
    byteLength?: number,
    options?: Options,
  ): Promise<InferenceSession>;
  static async create(
    model: string | Uint8Array | ArrayBufferLike,
    second?: Options | number,
    byteLength?: number,
    fourth?: Options,
  ): Promise<InferenceSession> {
    const isPart = typeof second === 'number';
    const options = isPart ? fourth : second;
    const file = isPart ? partOf(model, second, byteLength) : model;
    if (typeof file !== 'string' && !isUint8Array(file) && !isBuffer(file)) {
      const text = `model is ${show(file)}, expected a path, a URL or bytes`;
      throw new NnpackError('invalid-argument', `${CREATE}: ${text}`);
    }
    const whole = typeof file === 'string' || isUint8Array(file) ? file : new Uint8Array(file);
    return new InferenceSession(await createHandler(CREATE, whole, options ?? {}));
  }

  /** The names of the model's inputs, in its order. */
  get inputNames(): readonly string[] {
    return this.#handler.inputNames;
  }

  /** The names of the model's outputs, in its order. */
  get outputNames(): readonly string[] {
    return this.#handler.outputNames;
  }

  /** Name, type and shape of each input; a size that may be any is a name. */
  get inputMetadata(): readonly Common.ValueMetadata[] {
    return this.#handler.inputMetadata;
  }

  /** Name, type and shape of each output; the shape is empty where only a run tells it. */
  get outputMetadata(): readonly Common.ValueMetadata[] {
    return this.#handler.outputMetadata;
  }

  /**
   * Runs the model for all outputs. Runs may overlap, and take turns; feeds are read as a run begins.
   *
   * @param feeds a tensor for each input, by name
   * @returns the outputs by name
   * @throws NnpackError for feeds that are missing, unknown or do not fit, and for options that are unknown; 'disposed' after
   *   `release`
   */
  run(feeds: Common.FeedsType, options?: Common.RunOptions): Promise<Common.ReturnType>;
  /**
   * The same for some of the outputs, or into tensors of the caller's.
   *
   * @param fetches the names of the outputs that are wanted, or an object with a field for each: null, or a tensor of its
   *   type and shape that the result is written into, and that is given back
   * @throws NnpackError for fetches that are unknown or do not fit; nothing is written then
   */
  run(feeds: Common.FeedsType, fetches: Common.FetchesType, options?: Common.RunOptions): Promise<Common.ReturnType>;
  async run(
    feeds: Common.FeedsType,
    second?: Common.FetchesType | Common.RunOptions,
    third?: Common.RunOptions,
  ): Promise<Common.ReturnType> {
    const fetches = fetchesOf(second, this.outputNames);
    if (fetches !== null) return this.#handler.run(feeds, fetches, third ?? {});
    const all = Object.fromEntries(this.outputNames.map((name) => [name, null]));
    return this.#handler.run(feeds, all, second ?? third ?? {});
  }

  /** Waits for the runs that were begun, then gives all memory back; nothing can be run from the call on. */
  release(): Promise<void> {
    return this.#handler.dispose();
  }

  /** From now on the times of nodes are added up, as from the beginning with `enableProfiling`. */
  startProfiling(): void {
    this.#handler.startProfiling();
  }

  /** Prints the nodes on stderr with the mean of their times, and ends profiling. */
  endProfiling(): void {
    this.#handler.endProfiling();
  }

  /**
   * Why each node runs as it does, as data and as a table: what ONNX Runtime's interface lacks.
   *
   * @param inputs shapes of the inputs, those of the last run when not given; one that the file tells whole may be left out
   * @throws NnpackError for shapes that do not fit, or that are told by nobody
   */
  explain(inputs?: Readonly<Record<string, Shape>>): ModelExplanation {
    return this.#handler.explain(inputs);
  }
}

/** The types that belong to a session, by the names that they have in onnxruntime-common. */
export declare namespace InferenceSession {
  /** A tensor for each input, by name. */
  export type FeedsType = Common.FeedsType;
  /** The outputs that are wanted. */
  export type FetchesType = Common.FetchesType;
  /** The outputs by name. */
  export type ReturnType = Common.ReturnType;
  /** What `create` takes. */
  export type SessionOptions = Options;
  /** What `run` takes. */
  export type RunOptions = Common.RunOptions;
  /** Name, type and shape of an input or output. */
  export type ValueMetadata = Common.ValueMetadata;
  /** The same of one that is a tensor, as all are. */
  export type TensorValueMetadata = Common.TensorValueMetadata;
  /** Who shall compute: here it is always this library. */
  export type ExecutionProviderConfig = Common.ExecutionProviderConfig;
  /** The names of what may compute. */
  export type ExecutionProviderName = Common.ExecutionProviderName;
}

function partOf(model: unknown, offset: number, length: unknown): Uint8Array {
  if (!isBuffer(model)) {
    throw new NnpackError('invalid-argument', `${CREATE}: model is ${show(model)}, expected an ArrayBuffer`);
  }
  const most = model.byteLength;
  expectPlace('byteOffset', offset, 0, most);
  if (length !== undefined) expectPlace('byteLength', length, 0, most - offset);
  return new Uint8Array(model, offset, length as number | undefined);
}

function expectPlace(what: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  const text = `${what} is ${show(value)}, expected a whole number from ${least} to ${most}`;
  throw new NnpackError('invalid-argument', `${CREATE}: ${text}`);
}

/**
 * The outputs that a second argument asks for; null for one that is options, as where its fields are. An output may have
 * an option's name: then a tensor or null tells that it is meant.
 */
function fetchesOf(second: unknown, names: readonly Name[]): Fetches | null {
  if (second === undefined) return null;
  const who = 'InferenceSession.run';
  if (isArray(second)) return namedOutputs(who, parseList(who, 'fetches', second, 'invalid-argument'), names);
  if (!isRecord(second) || isTensorLike(second)) {
    const expected = 'names of outputs, an object of tensors and null by their names, or options';
    throw new NnpackError('invalid-argument', `${who}: the second argument is ${show(second)}, expected ${expected}`);
  }
  const isFetch = (name: string, value: unknown) =>
    (value === null || isTensorLike(value)) && (names.includes(name) || !Object.hasOwn(RUN_OPTIONS, name));
  const entries = reading(who, 'fetches', 'invalid-argument', () => Object.entries(second)).filter(
    ([, value]) => value !== undefined,
  );
  return entries.some(([name, value]) => isFetch(name, value)) ? Object.fromEntries(entries) : null;
}

function namedOutputs(who: string, list: readonly unknown[], names: readonly Name[]): Fetches {
  if (list.length === 0) throw new NnpackError('invalid-argument', `${who}: fetches are empty, expected an output`);
  return Object.fromEntries(
    list.map((name) => {
      if (typeof name !== 'string' || !names.includes(name)) throw noOutput(who, name, names);
      return [name, null];
    }),
  );
}
