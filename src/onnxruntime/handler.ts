/**
 * A session: a model of `nnpack-ts/models`, in a context that it shares with others, which takes and gives tensors of
 * onnxruntime-common. It is that package's handler too, so that it can stand behind an `InferenceSession` of others.
 */
import type { InferenceSession, InferenceSessionHandler, OnnxValue, Tensor } from 'onnxruntime-common';
import { parseSelection } from '../dispatch/select.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';
import type { Shape } from '../graph/compiled.ts';
import { parseByName } from '../graph/parse-values.ts';
import type { Name } from '../graph/values.ts';
import type { ModelExplanation } from '../models/explanation.ts';
import { Model } from '../models/model.ts';
import { type ModelValue, withSizes } from '../models/source.ts';
import type { TypedTensor } from '../tensor/ndarray.ts';
import { printError } from '../threads/runtime.ts';
import { type Lease, leaseContext } from './contexts.ts';
import { readSource } from './model-files.ts';
import { Profile } from './profile.ts';
import { checkRunOptions } from './run-options.ts';
import { expectOutputs, parseSessionOptions } from './session-options.ts';
import { arrayOf, readTensor, type Target, TENSOR_TYPES, targetOf, tensorOf, typeOfArray } from './tensors.ts';

type ValueMetadata = InferenceSession.ValueMetadata;
type Fetches = Readonly<Record<Name, OnnxValue | null>>;

/** Reads a model and makes a session of it. */
export async function createHandler(
  who: string,
  model: string | Uint8Array,
  options: unknown,
): Promise<SessionHandler> {
  const parsed = parseSessionOptions(who, options);
  const source = withSizes(await readSource(who, model, parsed.externalData), parsed.sizes);
  expectOutputs(who, parsed.outputLocation, [...source.outputs.keys()]);
  expectTypes(source.file, source.inputs, 'input');
  expectTypes(source.file, source.outputs, 'output');
  const { context } = parsed;
  const lease = context === undefined ? await leaseContext(parsed.threads) : { context, giveBack: () => {} };
  return new SessionHandler(new Model(source, parseSelection(who, {}), lease.context), lease, parsed.isProfiling);
}

/** @throws NnpackError for a value of a type that tensors do not have */
function expectTypes(file: string, values: ReadonlyMap<Name, ModelValue>, what: string): void {
  for (const [name, { dtype }] of values) {
    if (dtype === null || TENSOR_TYPES[dtype] !== null) continue;
    const text = `${what} ${show(name)} is of type ${dtype}, expected one that a Tensor can have`;
    throw new NnpackError('unsupported-layer', `model ${show(file)}: ${text}`);
  }
}

/** A model that takes and gives tensors, until it is released. */
export class SessionHandler implements InferenceSessionHandler {
  readonly inputNames: readonly Name[];
  readonly outputNames: readonly Name[];
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  readonly #model: Model;
  readonly #lease: Lease;
  readonly #who: string;
  readonly #running = new Set<Promise<unknown>>();
  #released: Promise<void> | null = null;
  /** What runs have taken since profiling began; null while nothing is noted. */
  #profile: Profile | null;

  constructor(model: Model, lease: Lease, isProfiling: boolean) {
    this.#model = model;
    this.#lease = lease;
    this.#who = `model ${show(model.source.file)}`;
    this.#profile = isProfiling ? new Profile() : null;
    this.inputNames = Object.freeze([...model.inputs.keys()]);
    this.outputNames = Object.freeze([...model.outputs.keys()]);
    this.inputMetadata = metadataOf(model.inputs);
    this.outputMetadata = metadataOf(model.outputs);
  }

  /** Runs the model; results that were given a tensor are in that, and that is given back. */
  async run(feeds: unknown, fetches: Fetches, options: unknown): Promise<Record<Name, OnnxValue>> {
    this.#expectOpen();
    checkRunOptions(this.#who, options);
    const inputs = this.#inputsOf(feeds);
    const targets = this.#targetsOf(fetches);
    const output = Object.fromEntries([...targets].map(([name, { array }]) => [name, array]));
    const profile = this.#profile;
    const work = this.#model.runReported(inputs, { output }, (runner) => profile?.add(runner.report()));
    this.#running.add(work);
    try {
      return this.#tensorsOf(await work, fetches, targets);
    } finally {
      this.#running.delete(work);
    }
  }

  /** Waits for the runs that were begun, then gives all memory back; a second time gives the same promise. */
  dispose(): Promise<void> {
    this.#released ??= this.#end();
    return this.#released;
  }

  async #end(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#model.dispose();
    this.#lease.giveBack();
  }

  /** From now on the times of nodes are added up. */
  startProfiling(): void {
    this.#expectOpen();
    this.#profile = new Profile();
  }

  /** Prints what was added up on stderr, and ends it; nothing where it was not begun. */
  endProfiling(): void {
    this.#expectOpen();
    if (this.#profile !== null) printError(`${this.#who}:\n${this.#profile}`);
    this.#profile = null;
  }

  /** Why each node runs as it does. */
  explain(inputs?: Readonly<Record<Name, Shape>>): ModelExplanation {
    this.#expectOpen();
    return this.#model.explain(inputs);
  }

  #expectOpen(): void {
    if (this.#released !== null) throw new NnpackError('disposed', `${this.#who}: the session has been released`);
  }

  #inputsOf(feeds: unknown) {
    const given = parseByName(this.#who, 'feeds', feeds, this.inputNames, 'invalid-tensor');
    return Object.fromEntries(
      [...this.#model.inputs].map(([name, value]) => {
        const who = `${this.#who}: input ${show(name)}`;
        if (!given.has(name)) throw new NnpackError('invalid-tensor', `${who} is missing in feeds`);
        return [name, arrayOf(readTensor(who, given.get(name), value))];
      }),
    );
  }

  /** What results are written into; all that is asked for must be an output. */
  #targetsOf(fetches: Fetches): ReadonlyMap<Name, Target> {
    const targets = new Map<Name, Target>();
    for (const [name, tensor] of Object.entries(fetches)) {
      const value = this.#model.outputs.get(name);
      if (value === undefined) throw noOutput(this.#who, name, this.outputNames);
      if (tensor === null) continue;
      targets.set(name, targetOf(readTensor(`${this.#who}: output ${show(name)}`, tensor, value)));
    }
    return targets;
  }

  #tensorsOf(results: Record<Name, TypedTensor>, fetches: Fetches, targets: ReadonlyMap<Name, Target>) {
    for (const target of targets.values()) target.finish();
    return Object.fromEntries(
      Object.entries(fetches).map(([name, given]): [Name, Tensor] => {
        if (given !== null) return [name, given];
        const { dtype } = this.#model.outputs.get(name) as ModelValue;
        const type = dtype === null ? typeOfArray(results[name].data) : (TENSOR_TYPES[dtype] as Tensor.Type);
        return [name, tensorOf(type, results[name])];
      }),
    );
  }
}

/** The error for a result that a model does not have. */
export function noOutput(who: string, name: unknown, names: readonly Name[]): NnpackError {
  const hint = (typeof name === 'string' ? didYouMean(name, names) : '') || `, expected ${names.map(show).join(', ')}`;
  return new NnpackError('invalid-output', `${who}: fetches have ${show(name)}, which is no output${hint}`);
}

function metadataOf(values: ReadonlyMap<Name, ModelValue>): readonly ValueMetadata[] {
  const all = [...values].map(([name, { dtype, shape }]): ValueMetadata => {
    // A type that only a run tells is not among what metadata can say; numbers of networks are of this one.
    const type = (dtype === null ? null : TENSOR_TYPES[dtype]) ?? 'float32';
    return Object.freeze({ name, isTensor: true, type, shape: shape ?? [] });
  });
  return Object.freeze(all);
}
