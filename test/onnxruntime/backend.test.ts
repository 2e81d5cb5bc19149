/** This library behind an `InferenceSession` of others, and in a bundle for browsers. */
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import * as common from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { nnpackBackend } from '../../src/onnxruntime/index.ts';
import { longModel } from '../models/small-models.ts';
import { product } from './models.ts';

/** What `require` gives: other classes than those of `import`. */
const required: typeof common = createRequire(import.meta.url)('onnxruntime-common');
const A = Float32Array.from({ length: 12 }, (_, i) => i + 1);
const OPTIONS = { executionProviders: ['nnpack'], intraOpNumThreads: 1 };

describe.each([
  ['import', common],
  ['require', required],
] as const)('as a backend of onnxruntime-common by %s', (_, ort) => {
  it('runs sessions that name it', async () => {
    ort.registerBackend('nnpack', nnpackBackend, 10);
    const session = await ort.InferenceSession.create(product(), OPTIONS);
    expect([session.inputNames, session.outputNames]).toEqual([['a', 'b'], ['c']]);
    const given = new ort.Tensor(new Float32Array(9), [3, 3]);
    const feeds = { a: new ort.Tensor('float32', A, [3, 4]), b: new ort.Tensor('float32', A, [4, 3]) };
    const { c } = await session.run(feeds);
    expect(c).toBeInstanceOf(ort.Tensor);
    expect([...c.data]).toEqual([70, 80, 90, 158, 184, 210, 246, 288, 330]);
    expect((await session.run(feeds, { c: given })).c).toBe(given);
    expect(given.data).toEqual(c.data);
    await expect(session.run({ ...feeds, b: feeds.a })).rejects.toThrow(/input 'b'.*\[4, 3\].*\[3, 4\]/);
    session.startProfiling();
    const running = session.run(feeds, ['c'], { tag: 'a' });
    await session.release();
    expect([...(await running).c.data]).toEqual([...c.data]);
    await expect(session.run(feeds)).rejects.toThrow(/has been released/);
  });

  it('refuses options that it does not know', async () => {
    const options = { ...OPTIONS, intraOpThreads: 1 };
    await expect(ort.InferenceSession.create(longModel(1), options)).rejects.toThrow(
      /did you mean 'intraOpNumThreads'/,
    );
  });
});

describe('tensors of another copy of onnxruntime-common', () => {
  it('are those that require gave', () => {
    expect(required.Tensor).not.toBe(common.Tensor);
  });
});

describe('a bundle for browsers', () => {
  it('has no modules of Node, and fetches models', async () => {
    const { outputFiles, warnings } = await build({
      ...{ entryPoints: ['dist/onnxruntime/index.js'], bundle: true, platform: 'browser', format: 'esm', write: false },
      ...{ logLevel: 'silent', external: ['node:worker_threads', 'node:os'] },
    });
    expect(warnings).toEqual([]);
    expect(outputFiles[0].text).not.toMatch(/node:fs/);
    expect(outputFiles[0].text).toContain('could not be fetched');
  });
});
