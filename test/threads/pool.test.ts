/** The pool: each parallel function is its documented serial loop, whatever threads there are and whatever becomes of them. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NnpackError } from '../../src/errors.ts';
import { createKernelTable } from '../../src/kernels/tables.ts';
import { Arena } from '../../src/tensor/arena.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { ThreadPool } from '../../src/threads/pool.ts';
import type { WorkerFactory } from '../../src/threads/spawn.ts';
import { defineStep, MAX_FIELDS, type Step } from '../../src/threads/step.ts';
import { meetStep, recordStep, sumStep } from '../fixtures/pool-steps.mjs';
import { caught, expectFailure, NOTHING, Rig, SCRIPT } from '../support/rig.ts';
import { runs } from '../support/runs.ts';

const run = promisify(execFile);
const BROKEN = new URL('../fixtures/no-such-worker.mjs', import.meta.url);
const isSlow = process.env.NNPACK_TEST_RUNS === 'slow';

const opened: Rig[] = [];

async function rig(threads: number, start?: (script: URL) => Worker): Promise<Rig> {
  const made = new Rig(threads, start);
  opened.push(made);
  await made.pool.ready();
  return made;
}

afterEach(() => {
  for (const { pool } of opened.splice(0)) pool.close();
});

const THREADS = [1, 2, 3, 4];
const rigs: Rig[] = [];

beforeAll(async () => {
  rigs.push(...THREADS.map((threads) => new Rig(threads)));
  await Promise.all(rigs.map(({ pool }) => pool.ready()));
});

afterAll(() => {
  for (const { pool } of rigs) pool.close();
});

const byPlace = (a: number[], b: number[]) => a[0] - b[0] || a[1] - b[1];
const range = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 60 }));
const tile = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 70 }));

describe('the parallel functions are their serial loops', () => {
  /** Serial calls in the loop's own order; parallel ones in any order. */
  function expectLoop(expected: number[][], work: (pool: ThreadPool, parameters: { log: number }) => void): void {
    for (const made of rigs) {
      const calls = made.calls((parameters) => work(made.pool, parameters));
      if (made.pool.threadsCount > 1) calls.sort(byPlace);
      expect(calls).toEqual(expected);
    }
  }

  it('parallelize1d', () => {
    fc.assert(
      fc.property(range, (n) => {
        const expected: number[][] = [];
        for (let i = 0; i < n; i++) expected.push([i, 0, 1, 1]);
        expectLoop(expected, (pool, parameters) => pool.parallelize1d(recordStep, parameters, n));
      }),
      { numRuns: runs(40) },
    );
  });

  it('parallelize1dTile1d', () => {
    fc.assert(
      fc.property(range, tile, (n, t) => {
        const expected: number[][] = [];
        for (let i = 0; i < n; i += t) expected.push([i, 0, Math.min(t, n - i), 1]);
        expectLoop(expected, (pool, parameters) => pool.parallelize1dTile1d(recordStep, parameters, n, t));
      }),
      { numRuns: runs(60) },
    );
  });

  it('parallelize2d', () => {
    fc.assert(
      fc.property(range, range, (n, m) => {
        const expected: number[][] = [];
        for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) expected.push([i, j, 1, 1]);
        expectLoop(expected, (pool, parameters) => pool.parallelize2d(recordStep, parameters, n, m));
      }),
      { numRuns: runs(40) },
    );
  });

  it('parallelize2dTile2d', () => {
    fc.assert(
      fc.property(range, range, tile, tile, (n, m, s, t) => {
        const expected: number[][] = [];
        for (let i = 0; i < n; i += s) {
          for (let j = 0; j < m; j += t) expected.push([i, j, Math.min(s, n - i), Math.min(t, m - j)]);
        }
        expectLoop(expected, (pool, parameters) => pool.parallelize2dTile2d(recordStep, parameters, n, m, s, t));
      }),
      { numRuns: runs(80) },
    );
  });

  it.each([
    [0, 5, 0, 1],
    [5, 0, 1, 0],
    [0, 0, 0, 0],
    [0, 5, 4, 2],
  ])('run nothing for %i × %i in tiles of %i × %i', (n, m, s, t) => {
    expectLoop([], (pool, parameters) => pool.parallelize2dTile2d(recordStep, parameters, n, m, s, t));
  });

  it('gives the same bits for any number of threads', () => {
    const [n, m, size] = [37, 23, 300];
    const results = rigs.map(({ pool, arena, log: x }) => {
      arena.f32.set(randomArray(size, uniform(7)), x);
      const y = x + size;
      arena.f32.fill(Number.NaN, y, y + n * m + 1);
      pool.parallelize2dTile2d(sumStep, { x, n: size, y, pitch: m }, n, m, 3, 5);
      expect(arena.f32[y + n * m]).toBeNaN();
      return Buffer.from(arena.f32.slice(y, y + n * m).buffer);
    });
    for (const result of results) expect(result.equals(results[0])).toBe(true);
    expect(new Float32Array(Uint8Array.from(results[0]).buffer).every(Number.isFinite)).toBe(true);
  });

  it('do all of thousands of short jobs, one after the other', () => {
    for (const { pool, arena, log } of rigs.slice(1)) {
      for (let job = 0; job < 3000; job++) {
        const items = 2 + (job % 5);
        Atomics.store(arena.i32, log, 0);
        pool.parallelize1d(recordStep, { log }, items);
        if (Atomics.load(arena.i32, log) !== items) throw new Error(`job ${job}: ${arena.i32[log]} of ${items} items`);
      }
    }
  });

  it('lets every thread take part', () => {
    for (const made of rigs) {
      const { threadsCount } = made.pool;
      expect(made.meet(threadsCount)).toEqual(Array.from({ length: threadsCount }, (_, index) => index));
    }
  });

  it('shows workers the memory as it is after it has grown', async () => {
    const made = await rig(3);
    const before = made.arena.f32.length;
    const x = made.arena.allocate(before, 'test');
    expect(made.arena.f32.length).toBeGreaterThan(before);
    expect(made.meet(3)).toEqual([0, 1, 2]);
    made.arena.f32.fill(1, x, x + 16);
    made.pool.parallelize2d(sumStep, { x, n: 16, y: x + 16, pitch: 100 }, 100, 100);
    expect(made.arena.f32.slice(x + 16, x + 16 + 10_000).every((value) => value === 16)).toBe(true);
  });
});

describe('a step that fails', () => {
  it.each([
    [1, 0, 'throw an Error'],
    [3, 0, 'throw an Error'],
    [3, 0, 'throw a string'],
    [3, 2, 'throw an Error'],
    [3, 1, 'throw a string'],
    [3, 1, 'throw undefined'],
  ] as const)('with %i threads, in thread %i: %s', async (threads, culprit, fault) => {
    const made = await rig(threads);
    const error = made.fault(threads, culprit, fault);
    const who = culprit === 0 ? '' : ` in worker ${culprit}`;
    const what = fault === 'throw undefined' ? 'undefined' : 'broken on purpose';
    expectFailure(error, new RegExp(`^test fault: item \\d+ of ${threads} failed${who}.*: ${what}$`));
    // The pool is none the worse for it.
    expect(made.meet(threads).length).toBe(threads);
    expect(made.calls((parameters) => made.pool.parallelize1d(recordStep, parameters, 50)).length).toBe(50);
  });

  it.each([1, 2])('is noticed even when it throws undefined on the caller (%i threads)', async (threads) => {
    const made = await rig(threads);
    expect(made.fault(threads, 0, 'throw undefined')).not.toBe(NOTHING);
  });

  it('begins no further item', async () => {
    const made = await rig(1);
    const stops: Step<{ log: number }> = {
      name: 'test stop',
      fields: ['log'],
      run(thread, p, i) {
        thread.memory.i32[p.log]++;
        if (i === 4) throw new Error('stop');
      },
    };
    expect(caught(() => made.pool.parallelize1d(stops, { log: made.log }, 10))).toBeInstanceOf(Error);
    expect(made.arena.i32[made.log]).toBe(5);
  });

  it('is refused by workers that do not know it, in so many words', async () => {
    const made = await rig(2);
    const unknown: Step<{ log: number; parties: number }> = { ...meetStep, name: 'test unknown' };
    made.clear();
    // The caller waits for a worker that never comes into the item, so it must be told by its own means: two items.
    const error = caught(() => {
      for (let tries = 0; tries < 200; tries++)
        made.pool.parallelize1d({ ...unknown, run: pause }, { log: made.log, parties: 2 }, 2);
    });
    expectFailure(error, /^test unknown: worker 1 knows no step of this name$/);
    expect(made.meet(2)).toEqual([0, 1]);
  });

  it('may not start another, nor close the pool', async () => {
    const made = await rig(2);
    let refusals: unknown[] = [];
    const nested: Step<{ log: number }> = {
      name: 'test nested',
      fields: ['log'],
      run: (_thread, p) => {
        refusals.push(caught(() => made.pool.parallelize1d(recordStep, p, 2)));
        refusals.push(caught(() => made.pool.close()));
      },
    };
    made.pool.parallelize1d(nested, { log: made.log }, 1);
    for (const refusal of refusals) expectFailure(refusal, /at work/);
    expect(refusals.map((refusal) => (refusal as NnpackError).code)).toEqual(['invalid-context', 'invalid-context']);
    refusals = [];
    expect(made.meet(2)).toEqual([0, 1]);
    made.pool.close();
  });

  it('of more parameters than cross to a worker is refused where it is defined', () => {
    const fields = Array.from({ length: MAX_FIELDS + 1 }, (_, i) => `field${i}`);
    expect(() => defineStep('test fields', fields, () => {})).toThrow(/65 fields/);
    expect(defineStep('test fields', fields.slice(1), () => {}).fields.length).toBe(MAX_FIELDS);
  });
});

/** Gives a worker the time to claim the other item. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}

describe('a worker that dies', () => {
  it('in the middle of a step is reported, and the others go on', async () => {
    const made = await rig(3);
    // Workers are numbered as they come: which of the two is worker 1 does not show.
    const ended = Promise.race(made.workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
    expectFailure(made.fault(3, 1, 'exit'), /^test fault: worker 1 ended in the middle of its work$/);
    await ended;
    expect(made.meet(2)).toEqual([0, 2]);
    expect(made.calls((parameters) => made.pool.parallelize1d(recordStep, parameters, 100)).length).toBe(100);
  });

  it('while it is idle is not missed', async () => {
    const made = await rig(3);
    await made.workers[1].terminate();
    expect([
      [0, 1],
      [0, 2],
    ]).toContainEqual(made.meet(2));
    await made.workers[0].terminate();
    const calls = made.calls((parameters) => made.pool.parallelize2dTile2d(recordStep, parameters, 30, 20, 4, 3));
    expect(calls.length).toBe(8 * 7);
  });

  it('before it starts is given up, with the reason', async () => {
    const made = await rig(2, () => new Worker(BROKEN));
    expect(made.pool.threadsCount).toBe(1);
    expect(made.pool.reason).toMatch(/could not be started/);
    expect(made.calls((parameters) => made.pool.parallelize1d(recordStep, parameters, 20)).length).toBe(20);
  });

  it('before it is ready is ended', async () => {
    const made = new Rig(2, () => {
      const worker = new Worker(SCRIPT);
      queueMicrotask(() => worker.emit('error', new Error('an error that did not end it')));
      return worker;
    });
    opened.push(made);
    // `once` of node:events would reject at the error.
    const ended = new Promise((resolve) => made.workers[0].once('exit', resolve));
    await made.pool.ready();
    expect(made.pool.threadsCount).toBe(1);
    expect(made.pool.reason).toMatch(
      /^a worker could not be started \(file:.*\/dist\/nnpack-worker\.js: an error that did not end it\)$/,
    );
    await ended;
  });

  it('as it is told what to do is ended, with the reason', async () => {
    const made = new Rig(2, () => {
      const worker = new Worker(SCRIPT);
      worker.postMessage = () => {
        throw new Error('nothing can be sent here');
      };
      return worker;
    });
    opened.push(made);
    expect(made.pool.threadsCount).toBe(1);
    expect(made.pool.reason).toBe('a worker could not be started (nothing can be sent here)');
    await once(made.workers[0], 'exit');
  });

  it('before it starts leaves no thread whose index is beyond the number of threads', async () => {
    // Workspaces hold a part for each thread, found by its index.
    let started = 0;
    const made = await rig(3, () => new Worker(started++ === 0 ? BROKEN : SCRIPT));
    expect(Math.max(...made.meet(2))).toBeLessThan(made.pool.threadsCount);
  });

  it('as it is made ends the search for more, with the reason', async () => {
    const made = await rig(3, () => {
      throw new Error('no workers here');
    });
    expect(made.pool.threadsCount).toBe(1);
    expect(made.pool.reason).toBe('a worker could not be started (no workers here)');
    expect(made.calls((parameters) => made.pool.parallelize1d(recordStep, parameters, 20)).length).toBe(20);
  });
});

describe('a pool', () => {
  it('works before its workers are ready', () => {
    const made = new Rig(3);
    opened.push(made);
    expect(made.calls((parameters) => made.pool.parallelize1d(recordStep, parameters, 200)).length).toBe(200);
  });

  it('works without workers when the memory cannot be shared', () => {
    const arena = new Arena(1 << 20);
    const thread = { index: 0, memory: arena, kernels: createKernelTable('scalar', arena) };
    const pool = new ThreadPool(thread, 4, null);
    expect(pool.threadsCount).toBe(1);
    expect(pool.reason).toBe('the memory cannot be shared between threads');
    pool.parallelize1d(recordStep, { log: 16 }, 7);
    expect(arena.i32[16]).toBe(7);
    pool.close();
  });

  it('may be closed twice, and refuses work after that', async () => {
    const made = await rig(2);
    made.pool.close();
    made.pool.close();
    const error = caught(() => made.pool.parallelize1d(recordStep, { log: made.log }, 3));
    expectFailure(error, /^test record: its pool is closed$/);
    expect((error as NnpackError).code).toBe('disposed');
    expect(made.arena.i32[made.log]).toBe(0);
  });

  it('that is closed as it opens still becomes "ready"', async () => {
    const made = new Rig(3);
    const ready = made.pool.ready();
    made.pool.close();
    await ready;
  });

  it('leaves nothing behind: hundreds of them, opened and closed', async () => {
    const arena = new Arena(1 << 20);
    const thread = { index: 0, memory: arena, kernels: createKernelTable('scalar', arena) };
    const ended: Promise<unknown>[] = [];
    const factory: WorkerFactory = (script) => {
      const worker = new Worker(script);
      ended.push(new Promise((resolve) => worker.once('exit', resolve)));
      return worker;
    };
    const openAndClose = async (threads: number, waits: boolean): Promise<void> => {
      const pool = new ThreadPool(thread, threads, arena.shared, factory);
      if (waits) await pool.ready();
      pool.close();
      await Promise.all(ended.splice(0));
    };
    for (let i = 0; i < 20; i++) await openAndClose(2, i % 4 === 0);
    const before = { threads: threadsOfProcess(), handles: handles(), bytes: process.memoryUsage().rss };
    for (let i = 0; i < (isSlow ? 1000 : 300); i++) await openAndClose(2, i % 15 === 0);
    expect(threadsOfProcess()).toBeLessThanOrEqual(before.threads + 1);
    expect(handles()).toBeLessThanOrEqual(before.handles);
    // A worker's heap alone is several megabytes: one in ten kept would show.
    expect(process.memoryUsage().rss - before.bytes).toBeLessThan(100e6);
  });

  it.each(['ready', 'at once'])('never keeps the process alive (%s)', async (wait) => {
    const script = new URL('../fixtures/pool-process.mjs', import.meta.url).pathname;
    const environment = { ...process.env, NNPACK_NTHREADS: '3' };
    const { stdout } = await run(process.execPath, [script, wait], { timeout: 30_000, env: environment });
    expect(stdout).toBe(`sum ${8 * 10 * 10 * 72}\n`);
  });
});

/** Threads of this process, where the system tells. */
function threadsOfProcess(): number {
  return existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0;
}

function handles(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length;
}
