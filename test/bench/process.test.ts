/** `npm run bench` through real processes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sections } from '../../bench/command.ts';
import type { BenchResult } from '../../bench/result.ts';
import { runScript } from '../../bench/section.ts';
import type { Taken, Task } from '../../bench/sections/memory.ts';
import { STOPPED } from '../../src/cli/command.ts';
import { Context } from '../../src/context/context.ts';
import { NnpackError } from '../../src/errors.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import { networkBytes } from '../../src/networks/plan.ts';
import { BENCH, script, startNode, WITH_PROGRESS } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-'));
const context = new Context({ threads: 1 });
afterAll(() => {
  context.dispose();
  rmSync(folder, { recursive: true });
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
      `expected one of peers, models, tfjs-backend, ${sections.map(({ name }) => name).join(', ')}, got 'layer'`,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
