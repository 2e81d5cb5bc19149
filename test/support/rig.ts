/** A pool to try things on, and what is tried on it. */
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { createKernelTable } from '../../src/kernels/tables.ts';
import { Arena } from '../../src/tensor/arena.ts';
import { ThreadPool } from '../../src/threads/pool.ts';
import type { WorkerFactory } from '../../src/threads/spawn.ts';
import { FAULTS, faultStep, meetStep } from '../fixtures/pool-steps.mjs';

/** Knows the steps of these tests. */
export const SCRIPT = new URL('../fixtures/pool-worker.mjs', import.meta.url);

/** One pool over a memory of its own, and the workers that it started. */
export class Rig {
  readonly arena = new Arena(1 << 24);
  readonly workers: Worker[] = [];
  readonly pool: ThreadPool;
  readonly log: number;

  constructor(threads: number, start: WorkerFactory = () => new Worker(SCRIPT)) {
    const factory: WorkerFactory = (script) => {
      const worker = start(script);
      this.workers.push(worker as Worker);
      return worker;
    };
    const thread = { index: 0, memory: this.arena, kernels: createKernelTable('scalar', this.arena) };
    this.pool = new ThreadPool(thread, threads, this.arena.shared, factory);
    this.log = this.arena.allocate(50_000, 'test');
    this.clear();
  }

  clear(): void {
    this.arena.i32.fill(0, this.log, this.log + 50_000);
  }

  /** The calls that `work` made, as [i, j, iCount, jCount], in the order in which they were begun. */
  calls(work: (parameters: { log: number }) => void): number[][] {
    this.clear();
    work({ log: this.log });
    const { i32 } = this.arena;
    return Array.from({ length: i32[this.log] }, (_, n) => [...i32.slice(this.log + 1 + 5 * n, this.log + 5 + 5 * n)]);
  }

  /** Makes `parties` threads meet in one job, and returns their indices. */
  meet(parties: number): number[] {
    this.clear();
    this.pool.parallelize1d(meetStep, { log: this.log, parties }, parties);
    return [...this.arena.i32.slice(this.log + 1, this.log + 1 + parties)].sort((a, b) => a - b);
  }

  /** Makes thread `culprit` of `parties` commit a fault, and returns what reached the caller. */
  fault(parties: number, culprit: number, fault: string): unknown {
    this.clear();
    const parameters = { log: this.log, parties, culprit, fault: FAULTS.indexOf(fault) };
    return caught(() => this.pool.parallelize1d(faultStep, parameters, parties));
  }
}

export const NOTHING = Symbol('nothing was thrown');

export function caught(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return NOTHING;
}

export function expectFailure(error: unknown, text: RegExp): void {
  expect(error).toBeInstanceOf(NnpackError);
  expect((error as NnpackError).message).toMatch(text);
}
