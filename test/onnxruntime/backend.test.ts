/** This library behind an `InferenceSession` of others, and in a bundle for browsers. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import * as common from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { nnpackBackend } from '../../src/onnxruntime/index.ts';
import { longModel, onnxModel } from '../models/small-models.ts';
import { chromium, valueInPage } from '../support/chromium.ts';
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

/** The interface as a bundler packs it for a page. */
async function bundled(): Promise<string> {
  const { outputFiles, warnings } = await build({
    ...{ entryPoints: ['dist/onnxruntime/index.js'], bundle: true, platform: 'browser', format: 'esm', write: false },
    ...{ logLevel: 'silent', external: ['node:worker_threads', 'node:os'] },
  });
  expect(warnings).toEqual([]);
  return outputFiles[0].text;
}

/** A program as the quick start of onnxruntime-web has it: the model and its numbers are fetched. */
const PAGE = `<!doctype html><script type="module">
  import * as ort from './ort.js';
  globalThis.result = null;
  try {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = './dist/';
    const session = await ort.InferenceSession.create('./model.onnx', { executionProviders: ['wasm'], externalData: ['w.bin'] });
    const { y } = await session.run({ x: new ort.Tensor('float32', [10, 20, 30], [1, 3, 1, 1]) });
    const error = await ort.InferenceSession.create('none.onnx').catch(({ message }) => message);
    globalThis.result = [[...y.data], error];
  } catch (error) {
    globalThis.result = String(error);
  }
</script>`;

describe('in a browser', () => {
  it('has no modules of Node', async () => {
    expect(await bundled()).not.toMatch(/node:fs/);
  });

  it('fetches models and the files beside them', async ({ skip }) => {
    const browser = chromium();
    if (browser === null) return skip('no Chromium is installed');
    const files: Record<string, string | Uint8Array> = { ...onnxModel().files, 'ort.js': await bundled(), '': PAGE };
    const server = createServer(({ url = '/' }, response) => {
      const name = url.slice(1);
      const type = name.endsWith('.js') ? 'text/javascript' : name === '' ? 'text/html' : 'application/octet-stream';
      response.writeHead(name in files ? 200 : 404, { 'content-type': type }).end(files[name]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const result = await valueInPage(browser, `http://127.0.0.1:${port}/`, 'globalThis.result ?? null');
      expect(result).toEqual([[141, 0], expect.stringMatching(/'none.onnx' could not be fetched: .* status 404/)]);
    } finally {
      server.close();
    }
  });
});
