/** `nnpack-ts kernels`: what it writes is what a context takes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { kernels } from '../../src/cli/kernels.ts';
import { createContext } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...options: [string, string][]): Promise<void> =>
  kernels.run({ positionals: [], options: new Map([...options, ['quiet', '']]) }, new AbortController().signal);

it('writes a module that a context takes', async () => {
  const out = join(folder, 'kernels.wasm');
  await run(['out', out], ['table', 'simd']);
  const context = await createContext({ modules: readFileSync(out), threads: 1 });
  expect(context.describe()).toMatchObject({ kernels: 'simd', reasons: [] });
  context.dispose();
});

it('writes nothing where it is told nothing that it can do', async () => {
  const before = readdirSync(folder);
  await expect(run(['table', 'simd'])).rejects.toThrow('arguments: --out FILE is missing');
  await expect(run(['out', join(folder, 'x.wasm')], ['table', 'reference'])).rejects.toThrow('--table expected one of');
  await expect(run(['out', join(folder, 'none/x.wasm')])).rejects.toMatchObject({ name: 'NnpackError' });
  expect(readdirSync(folder)).toEqual(before);
});
