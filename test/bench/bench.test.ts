/** `npm run bench`: its statistics, its goals, its sections on small layers, and the command through real processes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { benchCommand, sections } from '../../bench/command.ts';
import { estimatesOf, imagesOf, ourConvolution, rivals, within } from '../../bench/convolution.ts';
import { atLeast, isMet } from '../../bench/goal.ts';
import { allLayers, operations, otherLayers, outputSize, problem, smallLayers, usual } from '../../bench/layers.ts';
import type { BenchResult, LayerTimes, Row } from '../../bench/result.ts';
import { type Bench, contest, runScript, type Section, verify } from '../../bench/section.ts';
import { choiceRow, vggRow } from '../../bench/sections/layers.ts';
import type { Taken, Task } from '../../bench/sections/memory.ts';
import { measure, median, ratio } from '../../bench/statistics.ts';
import { parseArguments } from '../../src/cli/arguments.ts';
import { STOPPED } from '../../src/cli/command.ts';
import { Context } from '../../src/context/context.ts';
import { NnpackError } from '../../src/errors.ts';
import { explainConvolution } from '../../src/layers/convolution.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { optimize } from '../../src/networks/optimize.ts';
import { networkBytes } from '../../src/networks/plan.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { BENCH, resident, script, startNode, WITH_PROGRESS } from '../support/process.ts';
import { runs } from '../support/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
const context = new Context({ threads: 1 });

afterAll(() => {
  context.dispose();
  rmSync(folder, { recursive: true });
});

/** A layer that takes no time. */
const SMALL = { ...usual, name: '8→6 @10', inputChannels: 8, outputChannels: 6, inputSize: 10 };

describe('measure', () => {
  /** Candidates that take the time that is written down for each of their runs, the last one for ever. */
  function scripted(...scripts: number[][]) {
    const log: string[] = [];
    const candidates = scripts.map((times, i) => {
      let run = 0;
      const name = 'abc'[i];
      const time = (): number => {
        log.push(name);
        return times[Math.min(run++, times.length - 1)];
      };
      return { name, time };
    });
    return { candidates, log };
  }

  it('warms each candidate up, then runs all in turn', async () => {
    const { candidates, log } = scripted([9, 9, 1, 2, 3], [8, 8, 6, 4, 5]);
    const measured = await measure(candidates, { rounds: 3, warmUp: 2, budget: 1e9 });
    expect(log.join('')).toBe('aabbababab');
    expect(measured).toEqual([
      { name: 'a', median: 2, min: 1, max: 3, times: [1, 2, 3] },
      { name: 'b', median: 5, min: 4, max: 6, times: [6, 4, 5] },
    ]);
    expect(ratio(measured[1], measured[0])).toEqual({ ratio: 2.5, low: 5 / 3, high: 6 });
  });

  it('gives a slow candidate fewer rounds, spread over all', async () => {
    const { candidates } = scripted([1], [40], [1000]);
    const measured = await measure(candidates, { rounds: 8, warmUp: 3, budget: 100 });
    const rounds = measured.map(({ times }) => times.flatMap((time, round) => (Number.isNaN(time) ? [] : [round])));
    expect(rounds).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [2, 4], [4]]);
    expect(measured.map((each) => each.median)).toEqual([1, 40, 1000]);
    // the only round of both is that of the slower one
    expect(ratio(measured[2], measured[1])).toEqual({ ratio: 25, low: 25, high: 25 });
  });

  it('keeps to the budget, and runs at least once', async () => {
    const counts = fc.record({
      rounds: fc.integer({ min: 1, max: 20 }),
      warmUp: fc.integer({ min: 0, max: 5 }),
      budget: fc.integer({ min: 1, max: 1000 }),
      time: fc.integer({ min: 1, max: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(counts, async ({ time, ...options }) => {
        const { candidates, log } = scripted([time]);
        const [{ times }] = await measure(candidates, options);
        const took = times.filter((each) => !Number.isNaN(each)).length;
        expect(times).toHaveLength(options.rounds);
        expect(took).toBe(Math.min(options.rounds, Math.max(1, Math.floor(options.budget / time))));
        const warmUps = log.length - took;
        expect(warmUps).toBeGreaterThanOrEqual(1);
        expect(warmUps === 1 || warmUps * time <= options.budget).toBe(true);
      }),
      { numRuns: runs(50) },
    );
  });

  it('stops between two runs', async () => {
    const stop = new AbortController();
    let ran = 0;
    const time = (): number => {
      if (++ran === 3) setImmediate(() => stop.abort());
      return 1;
    };
    const measuring = measure([{ name: 'a', time }], { rounds: 9, warmUp: 1, budget: 1e9 }, stop.signal);
    await expect(measuring).rejects.toMatchObject({ name: 'AbortError' });
    expect(ran).toBeLessThanOrEqual(4);
  });

  it('has the median in the middle', () => {
    const values = fc.array(fc.double({ noNaN: true, min: 0, max: 1e6 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(values, (times) => {
        const middle = median(times);
        const half = Math.ceil(times.length / 2);
        expect(times.filter((time) => time <= middle).length).toBeGreaterThanOrEqual(half);
        expect(times.filter((time) => time >= middle).length).toBeGreaterThanOrEqual(half);
      }),
      { numRuns: runs(100) },
    );
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('isMet', () => {
  const row = (rest: Partial<Row>): Row => ({ what: 'x', value: 1, unit: 'ms', ...rest });

  it.each([
    [{ ratio: 2, goal: { atLeast: 2 } }, true],
    [{ ratio: 1.99, goal: { atLeast: 2 } }, false],
    [{ ratio: 2, goal: { atMost: 2 } }, true],
    [{ ratio: 2.01, goal: { atMost: 2 } }, false],
    [{ ratio: Number.NaN, goal: { atLeast: 2 } }, false],
    [{ ratio: Number.NaN, goal: { atMost: 2 } }, false],
    [{ goal: { atMost: 2 } }, false],
    [{ ratio: 3 }, undefined],
  ])('%j: %s', (rest, met) => {
    expect(isMet(row(rest))).toBe(met);
  });
});

describe('goals', () => {
  it.each([
    ['scalar', 0.9],
    ['simd', 0.85],
    ['simd-relaxed', 0.85],
    ['reference', undefined],
  ] as const)('of %s are its own', (kernels, goal) => {
    const goals = { scalar: 0.9, emitted: 0.85 };
    expect(atLeast(kernels, goals)).toEqual(goal === undefined ? undefined : { atLeast: goal });
    expect(atLeast(kernels, {})).toBeUndefined();
  });
});

describe('the layers', () => {
  it.each(allLayers)('$name has the size and the operations that the library plans', (layer) => {
    const { inputChannels, outputChannels, inputSize, kernelSize, groups, stride, padding, dilation } = layer;
    const { shape, candidates } = explainConvolution({
      input: { shape: [1, inputChannels, inputSize, inputSize] },
      kernel: { shape: [outputChannels, inputChannels / groups, kernelSize, kernelSize] },
      ...{ stride, padding, dilation, groups, context },
    });
    expect(outputSize(layer)).toBe(shape.outputHeight);
    const naive = candidates.find(({ algorithm }) => algorithm === 'reference');
    expect(operations(layer)).toBe(2 * (naive?.work?.multiplyAdds ?? Number.NaN));
  });

  it('has small ones that are Inception-BN’s', () => {
    const network = optimize(buildNetwork('inception-bn'));
    const { values } = inferShapes(network, undefined, 1);
    const found = network.nodes.flatMap((node) => {
      if (node.op !== 'convolution') return [];
      const [outputs, inputs, edge] = node.kernel.shape;
      const size = (values.get(node.inputs[0]) as readonly number[])[1];
      return [`${inputs}→${outputs} ${edge} ${node.stride ?? 1} ${node.padding ?? 0} @${size}`];
    });
    for (const { inputChannels, outputChannels, kernelSize, stride, padding, inputSize } of smallLayers) {
      expect(found).toContain(`${inputChannels}→${outputChannels} ${kernelSize} ${stride} ${padding} @${inputSize}`);
    }
  });

  it('has batches that begin with the images of smaller ones', () => {
    const [one, three] = [problem(SMALL), problem(SMALL, 3)];
    expect(three.inputShape).toEqual([3, 8, 10, 10]);
    expect(three.input.subarray(0, one.input.length)).toEqual(one.input);
    expect([three.kernel, three.bias]).toEqual([one.kernel, one.bias]);
    expect(one.input.every((value) => value >= -1 && value < 1)).toBe(true);
    expect(new Set(one.input).size).toBeGreaterThan(one.input.length / 2);
  });
});

describe('verify', () => {
  const expected = Float32Array.of(1, -2, 3);

  it('takes what differs in the last bits', () => {
    expect(() => verify('x', Float32Array.of(1, -2.0001, 3), expected)).not.toThrow();
  });

  it.each([
    ['a wrong element', Float32Array.of(1, 2, 3), expected],
    ['a NaN', Float32Array.of(1, Number.NaN, 3), expected],
    ['a NaN followed by a wrong element', Float32Array.of(Number.NaN, 2, 3), expected],
    ['an infinity', Float32Array.of(1, -2, Infinity), expected],
    ['a NaN on the other side', expected, Float32Array.of(1, Number.NaN, 3)],
    ['an element too many', Float32Array.of(1, -2, 3, 4), expected],
    ['an element too few', Float32Array.of(1, -2), expected],
  ])('refuses %s', (_, actual, against) => {
    expect(() => verify('x', actual, against)).toThrow(/^x: differs/);
  });
});

describe('contests', () => {
  it('are among those that may win, the choice and the default implementation', () => {
    for (const layer of [SMALL, otherLayers[0], otherLayers[2], otherLayers[4]]) {
      const { chosen, estimate, convolutions } = rivals(context, problem(layer));
      const names = convolutions.map(({ name }) => name);
      expect(names).toContain(chosen);
      expect(names).toContain('implicit-gemm');
      expect(names).not.toContain('reference');
      expect(names).not.toContain('ft256x256');
      expect(new Set(names).size).toBe(names.length);
      expect(estimate).toBeGreaterThan(0);
      for (const convolution of convolutions) convolution.dispose();
    }
  });

  it('verify each, and time it', async () => {
    const { convolutions } = rivals(context, problem(SMALL));
    expect(convolutions.length).toBeGreaterThan(2);
    const options = { rounds: 3, warmUp: 1, budget: 1000 };
    const measured = await contest(convolutions, options, new AbortController().signal);
    expect(measured.map(({ name }) => name)).toEqual(convolutions.map(({ plan }) => plan.algorithm));
    convolutions.forEach((convolution, i) => {
      const phases = Object.values(convolution.phases(measured[i].median));
      const total = phases.reduce((sum, phase) => sum + phase, 0);
      expect(total / measured[i].median).toBeCloseTo(1, 6);
      expect(Math.min(...phases)).toBeGreaterThanOrEqual(-1e-9);
      convolution.dispose();
    });
  });

  it('refuse a candidate that computes something else', async () => {
    const ours = ourConvolution(context, problem(SMALL), 'wt8x8');
    const wrong = { ...ours, name: 'wrong', result: () => ours.result().map((value, i) => (i === 7 ? 0 : value)) };
    const timing = contest([ours, wrong], { rounds: 1, warmUp: 1, budget: 1 }, new AbortController().signal);
    await expect(timing).rejects.toThrow(/^wrong against wt8x8: differs/);
    ours.dispose();
  });

  it('may share one tensor of images, and leave no memory behind', () => {
    const data = problem(SMALL, 3);
    const before = context.describe().usedBytes;
    const images = imagesOf(context, data);
    const pair = [undefined, images].map((input) => ourConvolution(context, data, 'auto', input));
    for (const convolution of pair) convolution.time();
    expect(pair[1].result()).toEqual(pair[0].result());
    for (const convolution of pair) convolution.dispose();
    expect(images.data.slice(images.offset, images.offset + images.size)).toEqual(data.input);
    context.free(images);
    expect(context.describe().usedBytes).toBe(before);
  });

  it('are limited to what is estimated near the best', () => {
    const estimates = estimatesOf(context, problem(otherLayers[0]));
    const best = Math.min(...estimates.eligible.map(({ milliseconds }) => milliseconds));
    expect(estimates.eligible.map(({ algorithm }) => algorithm)).not.toContain('reference');
    expect(within(Infinity, estimates)).toEqual(estimates.eligible.map(({ algorithm }) => algorithm));
    const near = within(2, estimates);
    for (const { algorithm, milliseconds } of estimates.eligible) {
      expect(near.includes(algorithm), algorithm).toBe(milliseconds <= 2 * best);
    }
  });

  it('tell how far the choice is from the best', () => {
    const times = (name: string, median: number) => ({ name, median, min: median, max: median, times: [median] });
    const estimates = { chosen: 'wt8x8', estimate: 3, eligible: [] } as const;
    expect(choiceRow('a layer', estimates, [times('wt6x6', 4), times('wt8x8', 5)])).toEqual({
      what: 'a layer, choice wt8x8, estimated 3.0 ms',
      value: 5,
      unit: 'ms',
      against: 'best: wt6x6',
      ratio: 1.25,
      goal: { atMost: 1.1 },
    });
  });

  it('sum up the layers of VGG-16, each as often as the network has it', () => {
    const zero = { inputTransform: 0, blockMultiplication: 0, outputTransform: 0, other: 0 };
    const times = allLayers.map(({ name }): LayerTimes => {
      const candidate = { algorithm: 'wt8x8', chosen: true, milliseconds: 2, gflops: 1, phases: zero } as const;
      const plain = { ...candidate, algorithm: 'implicit-gemm', chosen: false, milliseconds: 7 } as const;
      return { layer: name, kernels: 'scalar', threads: 1, candidates: [candidate, plain] };
    });
    const row = vggRow(times, 'scalar');
    expect(row).toMatchObject({ value: 26, against: 'implicit-gemm, 91 ms', ratio: 3.5, goal: { atLeast: 3 } });
    expect(vggRow(times, 'simd').goal).toBeUndefined();
    expect(vggRow(times.slice(1), 'scalar').ratio).toBeNaN();
  });
});

describe('the command', () => {
  const one = resident(BENCH);
  afterAll(() => one.end());

  const row: Row = { what: 'a thing', value: 2, unit: 'ms', against: 'another', ratio: 3, goal: { atLeast: 4 } };
  const section = (name: string, run: Section['run']): Section => ({
    name,
    what: `all of ${name}`,
    seconds: 1,
    steps: [1],
    run,
  });
  const ran: string[] = [];
  const quick = ['one', 'two', 'three'].map((name) =>
    section(name, async ({ step, found }) => {
      step(name);
      ran.push(name);
      found.rows.push({ ...row, what: name });
      found.packages.push({ name: `${name}-peer`, version: '1.2.3' });
    }),
  );

  afterEach(() => {
    ran.length = 0;
    process.exitCode = undefined;
    vi.restoreAllMocks();
  });

  /** What the command prints; its JSON, if that was asked for. */
  async function run(all: readonly Section[], args: readonly string[], signal = new AbortController().signal) {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((text) => void printed.push(text));
    vi.spyOn(console, 'error').mockImplementation((text) => void printed.push(text));
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    const it = benchCommand(all, 'bench');
    await it.run(parseArguments(it, args)!, signal);
    return printed.join('\n');
  }

  it('runs all sections, or those that are named, in their order', async () => {
    await run(quick, []);
    expect(ran).toEqual(['one', 'two', 'three']);
    ran.length = 0;
    const printed = await run(quick, ['three', 'one']);
    expect(ran).toEqual(['one', 'three']);
    for (const text of ['all of one', 'another', '3.00×', '≥ 4×', 'no', 'Node', 'three-peer 1.2.3']) {
      expect(printed).toContain(text);
    }
    expect(printed).not.toContain('all of two');
  });

  it.each([
    [[], 'auto'],
    [['--kernels', 'scalar'], 'scalar'],
  ] as const)('with %j gives sections the kernels %s', async (args, kernels) => {
    const given: Bench['kernels'][] = [];
    const asking = section('asking', async (bench) => void given.push(bench.kernels));
    const printed = await run([asking], args);
    expect(given).toEqual([kernels]);
    const table = kernels === 'auto' ? context.kernels.name : kernels;
    expect(printed.split('\n')[0]).toBe(`${table} kernels`);
    const result: BenchResult = JSON.parse(await run([asking], [...args, '--json', '-']));
    expect(result.kernels).toBe(table);
  });

  it('says why the kernels are slow, on the screen and as data', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    vi.stubGlobal('WebAssembly', undefined);
    try {
      const asking = section('asking', async () => {});
      const { reasons }: BenchResult = JSON.parse(await run([asking], ['--json', '-']));
      expect(reasons.length).toBeGreaterThan(0);
      expect((await run([asking], [])).split('\n')).toEqual(expect.arrayContaining([...reasons]));
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('writes JSON to standard output alone', async () => {
    const result: BenchResult = JSON.parse(await run(quick, ['two', '--json', '-']));
    expect(result).toMatchObject({ rows: [{ ...row, what: 'two' }], layers: [], sizes: [], stopped: false });
    expect(result.machine.packages).toMatchObject({ 'nnpack-ts': expect.any(String), 'two-peer': '1.2.3' });
  });

  it('writes JSON and a page beside the tables', async () => {
    const [json, html] = ['result.json', 'result.html'].map((name) => join(folder, name));
    const printed = await run(quick, ['two', '--json', json, '--html', html]);
    expect(printed).toContain('all of two');
    expect(JSON.parse(readFileSync(json, 'utf8')).rows).toHaveLength(1);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>.*<td[^>]*>two<.*<\/html>\s*$/s);
  });

  it('keeps what is done when it is stopped, and says so', async () => {
    const stop = new AbortController();
    const waiting = section('waiting', async ({ found, signal }) => {
      found.rows.push({ ...row, what: 'before the stop' });
      stop.abort();
      signal.throwIfAborted();
    });
    const json = join(folder, 'stopped.json');
    const printed = await run([quick[0], waiting, quick[1]], ['--json', json], stop.signal);
    expect(ran).toEqual(['one']);
    expect(printed).toMatch(/before the stop.*stopped$/s);
    expect(process.exitCode).toBe(STOPPED);
    const result: BenchResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result.rows.map(({ what }) => what)).toEqual(['one', 'before the stop']);
    expect(result.stopped).toBe(true);
  });

  it('takes a child that Ctrl-C ended first for stopped', async () => {
    const stop = new AbortController();
    const failing = section('failing', async () => {
      setImmediate(() => stop.abort());
      throw new Error('the child was killed');
    });
    expect(await run([failing], [], stop.signal)).toMatch(/stopped$/);
    expect(process.exitCode).toBe(STOPPED);
  });

  it('lets every other error through', async () => {
    const broken = section('broken', async () => {
      throw new Error('wrong result');
    });
    await expect(run([broken], [])).rejects.toThrow('wrong result');
  });

  it.each([
    [
      ['layer'],
      "section expected one of peers, models, layers, choice, sizes, gemm, fully-connected, fourier, threads, batch, memory, reader, first-call, got 'layer', did you mean 'layers'?",
    ],
    [
      ['sizes', 'x'],
      "section expected one of peers, models, layers, choice, sizes, gemm, fully-connected, fourier, threads, batch, memory, reader, first-call, got 'x'",
    ],
    [['--json'], '--json expected a value, got none'],
    [['--html', '--json', 'x'], "--html expected a value, got the option '--json'"],
    [['--threads', '2'], "unknown option '--threads'"],
    [
      ['--kernels', 'scaler'],
      "--kernels expected one of auto, reference, scalar, simd, simd-relaxed, got 'scaler', did you mean 'scalar'?",
    ],
    [['gemm', '--json', join('no', 'x.json')], "file 'no/x.json' cannot be written: the folder 'no' does not exist"],
    [['gemm', '--html', 'src'], "file 'src' cannot be written: it is a folder, expected the name of a file"],
  ])('refuses %j in one line, before it measures', async (args, text) => {
    const { status, stdout, stderr } = await one.run(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error (arguments: )?[^\n]+\n$/);
    expect(stderr).toContain(text);
  });

  it('tells of every section', () => {
    const bench = benchCommand(sections, 'npm run bench --');
    for (const { name, what, steps, seconds } of sections) {
      expect(bench.examples.map(([line]) => line)).toContain(`npm run bench -- ${name}`);
      expect(bench.examples.some(([, text]) => text.startsWith(what))).toBe(true);
      expect(Math.min(seconds, ...steps)).toBeGreaterThan(0);
    }
  });
});

describe('a real benchmark', () => {
  it('measures a section, and writes JSON and nothing else', () => {
    const { status, stdout, stderr } = script(BENCH, 'fourier', '--json', '-');
    expect([status, stderr]).toEqual([0, '']);
    const { machine, rows, layers, sizes, stopped } = JSON.parse(stdout) as BenchResult;
    expect(machine.cores).toBeGreaterThan(0);
    expect(rows.map(({ what }) => what)).toEqual(['96→256 5×5 @26, ft8x8', '96→256 5×5 @26, ft16x16']);
    for (const { value, ratio, against } of rows) {
      expect([value > 0, ratio !== undefined && ratio > 0, against]).toEqual([true, true, 'implicit-gemm']);
    }
    expect([layers, sizes, stopped]).toEqual([[], [], false]);
  });

  it('finds the script of the first call', () => {
    const { status, stdout } = script('build/bench/sections/first-call-child.js', 'scalar');
    expect(status).toBe(0);
    const { kernels, emitted, first, warm } = JSON.parse(stdout);
    expect(kernels).toBe('scalar');
    expect(first > 0 && warm > 0).toBe(true);
    expect(emitted === null).toBe(kernels === 'scalar');
  });

  it('finds the script of the memory', () => {
    const memoryBytes = networkBytes(buildNetwork('inception-bn'), { context, batch: 6 }) - 1;
    const task = { network: 'inception-bn', batch: 6, memoryBytes, kernels: 'auto' } satisfies Task;
    const { status, stdout } = script('build/bench/sections/memory-child.js', JSON.stringify(task));
    expect(status).toBe(0);
    const taken: Taken = JSON.parse(stdout);
    expect(taken.parts).toBeGreaterThan(1);
    expect(taken.weights).toBe(4 * 11_295_240);
    expect(taken.context).toBeGreaterThan(taken.weights / 2);
    expect(taken.context).toBeLessThanOrEqual(memoryBytes);
    expect(taken.process).toBeGreaterThan(taken.weights);
  });

  it('tells in one line why a process of its own failed', async () => {
    const child = new URL('../../build/bench/sections/memory-child.js', import.meta.url);
    const task = { network: 'inception-bn', batch: 1, memoryBytes: 1000, kernels: 'auto' } satisfies Task;
    const work = runScript(child, JSON.stringify(task), new AbortController().signal);
    await expect(work).rejects.toThrow(/^network 'inception-bn': one image takes [^\n]*$/);
    await expect(work).rejects.toBeInstanceOf(NnpackError);
  });

  it('stops at Ctrl-C with what is done', async () => {
    const json = join(folder, 'interrupted.json');
    const { child, ended, printed } = startNode(WITH_PROGRESS, [BENCH, 'sizes', '--json', json]);
    // The second size is begun, and the first is done.
    await printed('@14');
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect(status).toBe(STOPPED);
    expect(stderr).toMatch(/stopped\n$/);
    expect(stdout).toContain('Node');
    const { sizes, stopped }: BenchResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(stopped).toBe(true);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.length).toBeLessThan(18);
    for (const { points } of sizes) expect(points.map(({ algorithm }) => algorithm)).toContain('implicit-gemm');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('survives a closed pipe', async () => {
    const { child, ended } = startNode([], [BENCH, 'fourier']);
    child.stdout?.destroy();
    expect(await ended).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('has the peers besides in the repository, with the same options', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bench/main.ts', 'layer'], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    expect(status).toBe(2);
    expect(stderr).toContain(
      `expected one of peers, models, ${sections.map(({ name }) => name).join(', ')}, got 'layer'`,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
