/** Workers that are lost in every way there is: each state of a worker has an end, and the pool goes on after it. */
import { EventEmitter, once } from 'node:events';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Context, createContext, defaultContext, type NnpackError } from '../../src/index.ts';
import { Control, WORKING } from '../../src/threads/control.ts';
import type { WorkerFactory } from '../../src/threads/spawn.ts';
import { endlessStep, FAULTS, faultStep, recordStep, TOLD } from '../fixtures/pool-steps.mjs';
import { caught, expectFailure, NOTHING, Rig, SCRIPT } from '../support/rig.ts';

const opened: Rig[] = [];
const contexts: Context[] = [];
/** Of a worker that a host without lifelines cannot end. */
const hosts: Worker[] = [];

async function rig(threads: number, start?: WorkerFactory): Promise<Rig> {
  const made = new Rig(threads, start);
  opened.push(made);
  await made.pool.ready();
  return made;
}

const escaped: unknown[] = [];
process.on('unhandledRejection', (reason) => escaped.push(reason));

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.unstubAllEnvs();
  for (const { pool } of opened.splice(0)) pool.close();
  for (const context of contexts.splice(0)) context.dispose();
  for (const host of hosts.splice(0)) await host.terminate();
  expect(escaped).toEqual([]);
});

/** A worker as a browser shows it: no events of its end, and `terminate` says nothing. */
function webWorker(script: URL, terminate: (worker: Worker) => unknown = (worker) => void worker.terminate()): never {
  const worker = new Worker(script);
  hosts.push(worker);
  const web: Record<string, unknown> = {
    postMessage: (message: unknown) => worker.postMessage(message),
    terminate: () => terminate(worker),
  };
  worker.on('message', (data) => (web.onmessage as (event: unknown) => void)?.({ data }));
  worker.unref();
  return web as never;
}

/**
 * The caller's waits for the one worker that is still at work take no time, as if each lasted its whole slice, until
 * `calm` says that they are real again.
 */
function hurry(workers: number, calm: () => boolean): void {
  const wait = Atomics.wait as (words: Int32Array, at: number, value: number, timeout?: number) => 'ok';
  vi.spyOn(Atomics, 'wait').mockImplementation(((words: Int32Array, at: number, value: number, timeout?: number) => {
    const states = Array.from({ length: workers }, (_, worker) => Atomics.load(words, Control.seat(worker)));
    const isLast = states.filter((state) => state === WORKING).length === 1;
    return wait(words, at, value, !isLast || calm() ? timeout : 0);
  }) as typeof Atomics.wait);
}

/** Like {@link Rig.fault}, and sees to it that the caller waits for the culprit alone. */
function expectLoss(made: Rig, fault: string, text: RegExp): void {
  const error = made.fault(made.pool.workingThreads, 1, fault);
  expectFailure(error, text);
  expect((error as NnpackError).code).toBe('worker-failed');
}

function expectGoesOn(made: Rig, threads: number): void {
  expect(made.meet(threads).length).toBe(threads);
  expect(made.calls((parameters) => made.pool.parallelize1d(recordStep, parameters, 50)).length).toBe(50);
}

describe('a worker lost in the middle of its work', () => {
  it.each([
    [3, 'exit'],
    [3, 'run out of memory'],
    [2, 'run out of memory'],
  ])('of %i threads by "%s" is noticed at once, and the others go on', async (threads, fault) => {
    const made = await rig(threads, () => new Worker(SCRIPT, { resourceLimits: { maxOldGenerationSizeMb: 16 } }));
    expectLoss(made, fault, /^test fault: worker 1 ended in the middle of its work$/);
    expect(made.pool.workingThreads).toBe(threads - 1);
    expect(made.pool.reason).toBe(
      `${threads - 1} of ${threads} threads take part (worker 1 ended in the middle of its work)`,
    );
    expect(made.pool.readyWorkers).toBe(threads - 2);
    // Workspaces have a part for each index still in use.
    expect(Math.max(...made.meet(threads - 1))).toBeLessThan(made.pool.threadsCount);
    expectGoesOn(made, threads - 1);
    expect(made.pool.mayStillWrite).toBe(false);
  });

  it.each([2, 3])('of %i threads by hanging is ended before the others go on', async (threads) => {
    const made = await rig(threads);
    const ends = made.workers.map((worker) => vi.spyOn(worker, 'terminate'));
    hurry(threads - 1, () => ends.some((end) => end.mock.calls.length > 0));
    expectLoss(made, 'hang', /^test fault: worker 1 did not finish its item in 60 s$/);
    expect(ends.filter((end) => end.mock.calls.length > 0).length).toBe(1);
    expect(made.pool.mayStillWrite).toBe(false);
    expect(made.pool.reason).toBe(
      `${threads - 1} of ${threads} threads take part (worker 1 did not finish its item in 60 s)`,
    );
    expectGoesOn(made, threads - 1);
  });

  it('is waited for as long as it may only be slow', async () => {
    const made = await rig(2);
    const { i32 } = made.arena;
    made.clear();
    // It comes back after 55 of the caller's 60 seconds: a slice is a tenth of one.
    let slices = 0;
    hurry(1, () => {
      slices++;
      if (slices === 550) Atomics.store(i32, made.log + TOLD, 1);
      return slices >= 550;
    });
    const parameters = { log: made.log, parties: 2, culprit: 1, fault: FAULTS.indexOf('hang until told') };
    expect(caught(() => made.pool.parallelize1d(faultStep, parameters, 2))).toBe(NOTHING);
    expect(slices).toBeGreaterThanOrEqual(550);
    expect(made.pool.workingThreads).toBe(2);
  });

  it('where nothing tells of its end may still write: the pool refuses all, and says so', async () => {
    const made = await rig(2, () => webWorker(SCRIPT));
    hurry(1, () => false);
    expectLoss(made, 'hang', /^test fault: worker 1 did not finish its item in 60 s$/);
    vi.restoreAllMocks();
    expect(made.pool.mayStillWrite).toBe(true);
    expect(made.pool.workingThreads).toBe(1);
    for (let n = 0; n < 2; n++) {
      const error = caught(() => made.pool.parallelize1d(recordStep, { log: made.log }, 1));
      expectFailure(
        error,
        /^test record: a worker that did not come back .* may still write .*, expected a new context$/,
      );
      expect((error as NnpackError).code).toBe('worker-failed');
    }
    made.pool.close();
    expect(made.pool.mayStillWrite).toBe(true);
  });

  it('that comes back after all says so, and the pool goes on without it', async () => {
    const made = await rig(2, () => webWorker(SCRIPT, () => undefined));
    hurry(1, () => false);
    expectLoss(made, 'hang until told', /did not finish its item/);
    vi.restoreAllMocks();
    expect(made.pool.mayStillWrite).toBe(true);
    Atomics.store(made.arena.i32, made.log + TOLD, 1);
    await once(hosts[0], 'exit');
    expect(made.pool.mayStillWrite).toBe(false);
    expectGoesOn(made, 1);
  });

  it('that lives in a context makes it refuse its memory, and the default context makes way', async () => {
    vi.stubEnv('NNPACK_NTHREADS', '1');
    const first = defaultContext();
    contexts.push(first);
    const lost = vi.spyOn(first.pool, 'mayStillWrite', 'get').mockReturnValue(true);
    for (const work of [() => first.allocate([3]), () => first.expectOpen('anything')]) {
      expect((caught(work) as NnpackError).code).toBe('worker-failed');
    }
    expect(first.disposed).toBe(false);
    const second = defaultContext();
    contexts.push(second);
    expect(second).not.toBe(first);
    expect(defaultContext()).toBe(second);
    lost.mockRestore();
    expect(first.allocate([3]).size).toBe(3);
  });
});

describe('a call that is cut off', () => {
  const cutOff = (work: () => void): unknown => caught(() => vm.runInNewContext('work()', { work }, { timeout: 30 }));

  it.each([1, 2, 3])('by the time limit of a vm leaves the pool usable (%i threads)', async (threads) => {
    const made = await rig(threads);
    for (let n = 0; n < 3; n++) {
      made.clear();
      // So many that the workers cannot do them all before the caller has one.
      const error = cutOff(() => made.pool.parallelize1d(endlessStep, { log: made.log, waits: 0 }, 2 ** 30));
      expect((error as { code: string }).code).toBe('ERR_SCRIPT_EXECUTION_TIMEOUT');
      expectGoesOn(made, threads);
    }
    expect(made.pool.reason).toBe('');
  });

  it('is over before the next one begins, or hands out memory', async () => {
    const made = await rig(2);
    const { i32 } = made.arena;
    made.clear();
    cutOff(() => made.pool.parallelize1d(endlessStep, { log: made.log, waits: 1 }, 8));
    while (Atomics.load(i32, made.log) === 0);
    expect(i32[made.log + 1]).toBe(0);
    hurry(1, () => {
      Atomics.store(i32, made.log + TOLD, 1);
      return true;
    });
    made.pool.expectIdle('test');
    expect(i32[made.log + 1]).toBe(1);
    vi.restoreAllMocks();
    expectGoesOn(made, 2);
  });

  it('may be followed by the end of the pool', async () => {
    const made = await rig(2);
    made.clear();
    cutOff(() => made.pool.parallelize1d(endlessStep, { log: made.log, waits: 1 }, 8));
    while (Atomics.load(made.arena.i32, made.log) === 0);
    made.pool.close();
    expect(made.pool.mayStillWrite).toBe(false);
    expect((caught(() => made.pool.expectIdle('test')) as NnpackError).code).toBe('disposed');
  });

  it.each([1, 2])('for want of stack leaves the pool usable (%i threads)', async (threads) => {
    const made = await rig(threads);
    made.clear();
    const dive = (): void => {
      made.pool.parallelize1d(recordStep, { log: made.log }, 2);
      Atomics.store(made.arena.i32, made.log, 0);
      dive();
    };
    for (let n = 0; n < 3; n++) {
      expect(caught(dive)).not.toBe(NOTHING);
      expectGoesOn(made, threads);
    }
  });

  it('is not taken for one that has a step start another, however deep', async () => {
    const made = await rig(2);
    const limit = Error.stackTraceLimit;
    const nested = {
      name: 'test nested',
      fields: ['log'] as const,
      run(_thread: unknown, p: { log: number }) {
        const dive = (depth: number): void => {
          if (depth > 0) dive(depth - 1);
          else made.pool.parallelize1d(recordStep, p, 2);
        };
        dive(200);
      },
    };
    const error = caught(() => made.pool.parallelize1d(nested, { log: made.log }, 1));
    expectFailure(error, /at work/);
    expect(Error.stackTraceLimit).toBe(limit);
    expectGoesOn(made, 2);
  });
});

describe('a worker that is idle', () => {
  it('and ends is not counted any more', async () => {
    const context = await createContext({ threads: 3, worker: (script) => hosted(new Worker(script)) });
    contexts.push(context);
    expect(context.describe()).toMatchObject({ threads: 3, reasons: [] });
    await hosts[0].terminate();
    const { threads, reasons } = context.describe();
    expect(threads).toBe(2);
    expect(reasons).toEqual([
      expect.stringMatching(
        /^2 of 3 threads take part \(worker [12] ended while it was idle \(it ended with code 1\)\)$/,
      ),
    ]);
    expect(context.pool.readyWorkers).toBe(1);
    expect(context.pool.threadsCount).toBe(3);
  });
});

function hosted(worker: Worker): Worker {
  hosts.push(worker);
  return worker;
}

/** A worker that runs a few lines of code before the package's script, or instead of it. */
const workerOf = (code: string, script?: URL): Worker =>
  hosted(
    new Worker(
      `const { parentPort } = require('node:worker_threads'); ${code}; ${script ? `import('${script.href}')` : ''}`,
      { eval: true },
    ),
  );

const CHATTER = ['ready', 1, null, undefined, {}, { word: 'ready' }, ['started']]
  .map((message) => `parentPort.postMessage(${JSON.stringify(message)})`)
  .join(';');

describe('a worker that starts', () => {
  it.each([
    ['is silent', 'parentPort.on("message", () => {})'],
    ['says anything but that it is ready', `${CHATTER}; parentPort.on("message", () => {})`],
    [
      'says so without having done it',
      'parentPort.on("message", () => parentPort.postMessage({ word: "nnpack-ts: started" }))',
    ],
  ])('and %s is given up after ten seconds', async (_what, code) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const made = new Rig(2, () => workerOf(code));
    opened.push(made);
    await once(made.workers[0], 'online');
    let isReady = false;
    const ready = made.pool.ready().then(() => {
      isReady = true;
    });
    vi.advanceTimersByTime(9_999);
    await new Promise(setImmediate);
    expect(isReady).toBe(false);
    vi.advanceTimersByTime(1);
    await ready;
    expect(made.pool.threadsCount).toBe(1);
    expect(made.pool.reason).toMatch(
      /^a worker could not be started \(file:.*\/nnpack-worker\.js: no word from it for 10 s\)$/,
    );
    await once(made.workers[0], 'exit');
    expectGoesOn(made, 1);
  });

  it('and says other things first is one of the threads', async () => {
    const made = await rig(2, () => workerOf(CHATTER, SCRIPT));
    expectGoesOn(made, 2);
    expect(made.pool.reason).toBe('');
  });

  it('and is told other things first is one of the threads', async () => {
    const made = await rig(2, () => {
      const worker = new Worker(SCRIPT);
      for (const message of ['hello', null, { word: 'setup' }, 7]) worker.postMessage(message);
      return worker;
    });
    expectGoesOn(made, 2);
  });

  it('while others still do is given their time, too', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let made = 0;
    const pool = new Rig(3, () => (made++ === 0 ? new Worker(SCRIPT) : workerOf('parentPort.on("message", () => {})')));
    opened.push(pool);
    while (pool.pool.readyWorkers < 1) await new Promise(setImmediate);
    vi.advanceTimersByTime(10_000);
    expect(pool.pool.threadsCount).toBe(3);
    vi.advanceTimersByTime(10_000);
    await pool.pool.ready();
    expect(pool.pool.threadsCount).toBe(2);
    expectGoesOn(pool, 2);
  });

  /** Ends the thread at its n-th call that changes a word, from there on at each. */
  const endAt = (call: number, then: string): string => `let calls = 0;
    for (const name of ['add', 'compareExchange']) {
      const change = Atomics[name];
      Atomics[name] = (...given) => {
        const result = change.apply(Atomics, given);
        if (++calls >= ${call}) { ${then} }
        return result;
      };
    }`;

  it.each([
    ['before it has an index, without a word', endAt(2, 'process.exit(9)'), 'a worker'],
    ['before it has an index', endAt(2, 'calls = -9; process.exit(9)'), 'a worker'],
    ['at its first look for a job', `Atomics.wait = () => process.exit(9)`, 'worker [12]'],
  ])('and ends when it is ready, but has not said so, is not waited for: %s', async (_what, code, who) => {
    let made = 0;
    const muted = `require('node:worker_threads').parentPort.postMessage = () => {}`;
    const context = await createContext({
      threads: 3,
      worker: (script) => workerOf(made++ === 0 ? `${muted}; ${code}` : '', script),
    });
    contexts.push(context);
    const why = `${who} ended before it said that it was ready \\(it ended with code 9\\)`;
    expect(context.describe()).toMatchObject({
      threads: 2,
      reasons: [expect.stringMatching(new RegExp(`^2 of 3 threads take part \\(${why}\\)$`))],
    });
  });

  it('and is ready, but whose word of it is lost, is waited for no longer than others', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const made = new Rig(2, () => workerOf('parentPort.postMessage = () => {}', SCRIPT));
    opened.push(made);
    const ready = made.pool.ready();
    while (made.pool.readyWorkers < 1) await new Promise(setImmediate);
    vi.advanceTimersByTime(20_000);
    await ready;
    expect(made.pool.reason).toBe('');
    expectGoesOn(made, 2);
  });

  it('and cannot make its kernels does without other bits: it is no thread', async () => {
    const context = await createContext({
      threads: 2,
      worker: (script) =>
        workerOf('WebAssembly.Instance = class { constructor() { throw new Error("no room") } }', script),
    });
    contexts.push(context);
    expect(context.describe()).toMatchObject({
      threads: 1,
      reasons: [expect.stringMatching(/^a worker could not be started \(file:.*\/dist\/nnpack-worker\.js: no room\)$/)],
    });
  });

  it('is ended by the end of its pool, which then counts as ready, even where nobody tells', async () => {
    const made = new Rig(2, () => webWorker(SCRIPT));
    const ready = made.pool.ready();
    made.pool.close();
    await ready;
    await once(hosts[0], 'exit');
  });
});

/** Something that looks like a worker of Node's, and does nothing. */
function puppet(changes: object): never {
  const made = Object.assign(new EventEmitter(), { postMessage() {}, terminate: async () => 0, unref() {} }, changes);
  return made as never;
}

const thrower = (value: unknown) => () => {
  throw value;
};

describe('a factory', () => {
  const getter = Object.defineProperty({}, 'postMessage', { get: thrower(new Error('no such thing')) });
  it.each([
    ['throws null', thrower(null), 'null was thrown'],
    ['throws undefined', thrower(undefined), 'nothing was thrown'],
    ['throws an empty text', thrower(''), "'' was thrown"],
    ['throws a text', thrower('no workers here'), 'no workers here'],
    ['throws something without a text', thrower(Object.create(null)), 'something without a text was thrown'],
    ['gives null', () => null, 'the factory gave null, expected a worker'],
    ['gives undefined', () => undefined, 'the factory gave nothing, expected a worker'],
    ['gives a number', () => 5, 'the factory gave 5, expected a worker'],
    ['gives an object', () => ({}), 'the factory gave an object of Object, expected a worker'],
    ['gives a promise', async () => new EventEmitter(), 'the factory gave an object of Promise, expected a worker'],
    ['gives what throws when it is looked at', () => getter, 'no such thing'],
    ['gives what cannot be told anything', () => puppet({ postMessage: thrower(null) }), 'null was thrown'],
    ['gives what cannot be listened to', () => puppet({ on: thrower('deaf') }), 'deaf'],
    [
      'gives what can neither be told anything nor ended',
      () => puppet({ postMessage: thrower('mute'), terminate: thrower(null) }),
      'mute',
    ],
  ])('that %s is a reason, and no more', async (_what, factory, why) => {
    const context = await createContext({ threads: 3, worker: factory as unknown as WorkerFactory });
    contexts.push(context);
    expect(context.describe()).toMatchObject({ threads: 1, reasons: [`a worker could not be started (${why})`] });
  });

  it.each([
    ['throws', thrower(new Error('immortal'))],
    ['throws null', thrower(null)],
    ['rejects', async () => Promise.reject(new Error('immortal'))],
    ['rejects with nothing', async () => Promise.reject()],
    // biome-ignore lint/suspicious/noThenProperty: what is awaited may be anything
    ['gives what throws when it is awaited', () => ({ then: thrower('immortal') })],
    ['never settles', () => new Promise(() => {})],
  ])('may give a worker whose terminate %s', async (_what, terminate) => {
    const made = new Rig(2, () => puppet({ terminate, unref: thrower(null) }));
    opened.push(made);
    const [worker] = made.workers;
    queueMicrotask(() => worker.emit('error', null));
    await made.pool.ready();
    expect(made.pool.reason).toMatch(/nnpack-worker\.js: null was thrown\)$/);
    worker.emit('error', new Error('once more'));
    worker.emit('exit', 1);
    expectGoesOn(made, 1);
    made.pool.close();
    await new Promise(setImmediate);
  });

  it.each([
    [undefined, 'it could not be loaded, or failed without a word'],
    [{ message: '' }, 'it could not be loaded, or failed without a word'],
    [{ message: 'Uncaught SyntaxError' }, 'Uncaught SyntaxError'],
  ])('of a browser whose worker fails with %j is told why', async (event, why) => {
    const web = { postMessage() {}, terminate() {}, onerror: (_event: unknown): void => {} };
    const made = new Rig(2, () => web as never);
    opened.push(made);
    let isPrevented = false;
    web.onerror(event && { ...event, preventDefault: () => (isPrevented = true) });
    await made.pool.ready();
    expect(made.pool.reason).toMatch(/^a worker could not be started \(file:.*\/nnpack-worker\.js: .*\)$/);
    expect(made.pool.reason).toContain(why);
    expect(isPrevented).toBe(event !== undefined);
  });
});
