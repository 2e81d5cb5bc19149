/** What `InferenceSession.create` takes: docs/onnxruntime.md says of every option what it means here. */
import {
  type ExternalDataFileDescription,
  type ExternalDataFileType,
  env,
  type InferenceSession,
} from 'onnxruntime-common';
import { expectOneOf, isRecord, reading } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { didYouMean, isArray, NnpackError, show } from '../errors.ts';
import type { Name } from '../graph/values.ts';
import { type Check, type ChecksOf, count, flag, readChecked, record, text, wrong } from './checks.ts';
import { contextOfProviders, type NnpackExecutionProviderOption, providers } from './execution-providers.ts';

type OutputLocation = SessionOptions['preferredOutputLocation'];

/** Those of onnxruntime-common, with this library among the execution providers. */
export interface SessionOptions extends Omit<InferenceSession.SessionOptions, 'executionProviders'> {
  readonly executionProviders?: readonly (InferenceSession.ExecutionProviderConfig | NnpackExecutionProviderOption)[];
}

const MOST_THREADS = 256;

/** 0 is as many as the library chooses. */
const threads = count(0, MOST_THREADS);
const any = count(-(2 ** 31), 2 ** 31 - 1, 'a whole number of 32 bits');

/** Of the session; those of a run have the same. */
export const logSeverity = count(0, 4);
export const logVerbosity = any;

/** All options, each with what it may be. */
export const SESSION_OPTIONS: ChecksOf<SessionOptions> = {
  executionProviders: providers,
  intraOpNumThreads: threads,
  interOpNumThreads: threads,
  freeDimensionOverrides: sizes,
  graphOptimizationLevel: among('disabled', 'basic', 'extended', 'layout', 'all'),
  enableCpuMemArena: flag,
  enableMemPattern: flag,
  executionMode: among('sequential', 'parallel'),
  optimizedModelFilePath: noFile,
  enableProfiling: flag,
  profileFilePrefix: text,
  logId: text,
  logSeverityLevel: logSeverity,
  logVerbosityLevel: logVerbosity,
  preferredOutputLocation: outputLocation,
  enableGraphCapture: flag,
  extra: record,
  externalData: listOfFiles,
};

/** The options of a session that mean something here. */
export interface ParsedSessionOptions {
  /** Undefined where it is left to the library. */
  readonly threads: number | undefined;
  /** The caller's own. */
  readonly context: Context | undefined;
  readonly sizes: ReadonlyMap<string, number>;
  readonly externalData: readonly ExternalDataFileDescription[];
  readonly isProfiling: boolean;
  readonly outputLocation: OutputLocation;
}

/** @throws NnpackError for an option that is unknown, refused, or of a value that it cannot have */
export function parseSessionOptions(who: string, options: unknown): ParsedSessionOptions {
  const read = readChecked<SessionOptions>(who, options, SESSION_OPTIONS);
  // What a caller's objects answer is read here for the last time.
  const { context, sizes, externalData } = reading(who, 'options', 'invalid-argument', () => ({
    context: contextOfProviders(who, read.executionProviders ?? []),
    sizes: new Map(Object.entries(read.freeDimensionOverrides ?? {})),
    externalData: (read.externalData ?? []).map(fileOf),
  }));
  const asked = read.intraOpNumThreads || undefined;
  if (context !== undefined && asked !== undefined) {
    const expected = "none beside the context of execution provider 'nnpack', which has its own";
    throw wrong(who, 'intraOpNumThreads', asked, expected);
  }
  return {
    threads: asked ?? threadsOfEnvironment(),
    context,
    sizes,
    externalData,
    isProfiling: read.enableProfiling ?? false,
    outputLocation: read.preferredOutputLocation,
  };
}

function fileOf(file: ExternalDataFileType): ExternalDataFileDescription {
  return typeof file === 'string' ? { path: file, data: file } : { path: file.path, data: file.data };
}

function threadsOfEnvironment(): number | undefined {
  const { numThreads } = env.wasm;
  if (numThreads !== undefined) threads('env.wasm', 'numThreads', numThreads);
  return numThreads || undefined;
}

/** @throws NnpackError for a location of an output that the model does not have */
export function expectOutputs(who: string, location: OutputLocation, names: readonly Name[]): void {
  if (!isRecord(location)) return;
  for (const name of Object.keys(location)) {
    if (names.includes(name)) continue;
    const hint = didYouMean(name, names) || `, expected ${names.map(show).join(', ')}`;
    throw new NnpackError(
      'invalid-argument',
      `${who}: preferredOutputLocation has ${show(name)}, which is no output${hint}`,
    );
  }
}

function among(...names: readonly string[]): Check {
  return (who, what, value) => void expectOneOf(who, what, value, names, 'invalid-argument');
}

function sizes(who: string, what: string, value: unknown): void {
  record(who, what, value);
  for (const [name, size] of Object.entries(value as object)) {
    count(1, 2 ** 31 - 1, 'a positive whole number')(who, `${what}.${name}`, size);
  }
}

function noFile(who: string, what: string, value: unknown): void {
  text(who, what, value);
  if (value === '') return;
  const expected = 'none: no file is written (session.explain() says what becomes of the model)';
  throw new NnpackError('unsupported-algorithm', `${who}: ${what} is ${show(value)}, expected ${expected}`);
}

const LOCATIONS = ['cpu', 'cpu-pinned', 'none', 'texture', 'gpu-buffer', 'ml-tensor'] as const;

function outputLocation(who: string, what: string, value: unknown): void {
  const all = isRecord(value) ? Object.entries(value) : [['', value] as const];
  for (const [name, location] of all) {
    const option = name === '' ? what : `${what}.${name}`;
    if (location === 'cpu' || location === 'cpu-pinned') continue;
    expectOneOf(who, option, location, LOCATIONS, 'invalid-argument');
    const text = `${option} is ${show(location)}, expected 'cpu': outputs are nowhere else`;
    throw new NnpackError('unsupported-hardware', `${who}: ${text}`);
  }
}

function listOfFiles(who: string, what: string, value: unknown): void {
  if (!isArray(value)) throw wrong(who, what, value, 'an array of files');
  for (const [i, file] of value.entries()) {
    if (typeof file === 'string') continue;
    const path: unknown = isRecord(file) ? (file as { readonly path?: unknown }).path : undefined;
    if (typeof path !== 'string') throw wrong(who, `${what}[${i}]`, file, 'a path, or { path, data }');
  }
}
