/** What is made of the options of a context once they are checked. */
import { expectBoolean, isInstance, readOptions } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { MAX_BYTES, PAGE_BYTES } from '../tensor/bytes.ts';
import { mustImportNode } from '../threads/node.ts';
import { coresCount, environmentVariable } from '../threads/runtime.ts';
import type { WorkerFactory } from '../threads/spawn.ts';
import { checkKernels, type KernelsWish } from './choose-kernels.ts';
import { Measurements } from './measurements.ts';
import { readModules } from './modules-option.ts';
import { CONTEXT_FIELDS, type ContextOptions } from './options.ts';

/** Everything that a context is made from, checked. */
export interface ContextSettings {
  readonly threads: number;
  /** Why that is not the number of cores; empty when it is, or was asked for. */
  readonly threadsReason: string;
  readonly deterministic: boolean;
  readonly batchInvariant: boolean;
  readonly kernels: KernelsWish;
  readonly limit: number | undefined;
  /** What the memory begins with at least; a multiple of the size of a page. */
  readonly size: number;
  readonly measurements: Measurements;
  readonly worker: WorkerFactory | undefined;
}

/** @throws NnpackError in the name of `who`, for options that are unknown or make no sense */
export function parseContextOptions(who: string, options: ContextOptions): ContextSettings {
  const given = readOptions(who, options, CONTEXT_FIELDS);
  const { threads, reason } = checkThreads(who, given.threads);
  const { deterministic = false, batchInvariant = false } = given;
  expectBoolean(who, 'deterministic', deterministic);
  expectBoolean(who, 'batchInvariant', batchInvariant);
  const limit = checkLimit(who, given.memoryLimit);
  return {
    threads,
    threadsReason: reason,
    deterministic,
    batchInvariant,
    kernels: checkKernels(who, given.kernels, deterministic, readModules(who, given.modules)),
    limit,
    size: checkSize(who, given.memorySize, limit),
    measurements: checkMeasurements(who, given.measurements),
    worker: checkFactory(who, given.worker),
  };
}

/** More threads than this help nobody, and each costs a worker. */
const MAX_THREADS = 256;

/** How many threads the context should have, and why that is not the number of cores where this is unknown. */
function checkThreads(who: string, threads: unknown): { threads: number; reason: string } {
  if (threads !== undefined) return { threads: expectThreads(`${who}: threads`, threads), reason: '' };
  for (const name of ['NNPACK_NTHREADS', 'MXNET_CPU_NNPACK_NTHREADS']) {
    const value = environmentVariable(name) ?? '';
    if (value === '') continue;
    return { threads: expectThreads(name, /^\d+$/.test(value) ? Number(value) : value), reason: '' };
  }
  const cores = coresCount();
  if (cores !== undefined) return { threads: Math.min(cores, MAX_THREADS), reason: '' };
  const why = mustImportNode() ? ' (Node before 20.16 tells it to createContext alone)' : '';
  return {
    threads: 1,
    reason: `the number of cores is not known here${why}: one thread unless more are asked for`,
  };
}

function expectThreads(what: string, threads: unknown): number {
  if (typeof threads !== 'number' || !Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new NnpackError(
      'invalid-argument',
      `${what} is ${show(threads)}, expected a whole number from 1 to ${MAX_THREADS}`,
    );
  }
  return threads;
}

function checkMeasurements(who: string, measurements: unknown = new Measurements()): Measurements {
  if (isInstance(measurements, Measurements)) return measurements;
  throw new NnpackError(
    'invalid-argument',
    `${who}: measurements is ${show(measurements)}, expected what Measurements.load gives`,
  );
}

function checkLimit(who: string, limit: unknown): number | undefined {
  if (limit === undefined) return undefined;
  if (typeof limit !== 'number' || !(limit >= 65_536)) {
    throw new NnpackError('invalid-argument', `${who}: memoryLimit is ${show(limit)}, expected at least 65536 bytes`);
  }
  return limit;
}

function checkSize(who: string, size: unknown, limit = MAX_BYTES): number {
  if (size === undefined) return 0;
  const most = Math.floor(Math.min(limit, MAX_BYTES) / PAGE_BYTES) * PAGE_BYTES;
  if (typeof size === 'number' && size >= PAGE_BYTES && size <= most) return Math.ceil(size / PAGE_BYTES) * PAGE_BYTES;
  const expected = `expected ${PAGE_BYTES} to ${most} bytes`;
  throw new NnpackError('invalid-argument', `${who}: memorySize is ${show(size)}, ${expected}`);
}

function checkFactory(who: string, worker: unknown): WorkerFactory | undefined {
  if (worker === undefined || typeof worker === 'function') return worker as WorkerFactory | undefined;
  throw new NnpackError(
    'invalid-argument',
    `${who}: worker is ${show(worker)}, expected a function that makes a worker`,
  );
}
