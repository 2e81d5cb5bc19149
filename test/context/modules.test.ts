/** Kernels that were emitted ahead of time, and given to a context as a file's bytes or as a module. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Context, convolutionInference, createContext } from '../../src/index.ts';
import { refuseSimd } from '../../src/kernels/simd/engine.ts';
import { emitTable } from '../../src/kernels/simd/module-file.ts';
import { compiledModules } from '../../src/kernels/simd/modules.ts';
import { VERSION } from '../../src/kernels/version.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { Module } from '../../src/wasm/index.ts';

const contexts: Context[] = [];

afterEach(() => {
  for (const context of contexts.splice(0)) context.dispose();
});

async function contextOf(options: Parameters<typeof createContext>[0]): Promise<Context> {
  const context = await createContext(options);
  contexts.push(context);
  return context;
}

function bitsOf(context: Context): Uint32Array {
  const next = uniform(3);
  const input = { data: randomArray(20 * 30 * 31, next), shape: [1, 20, 30, 31] };
  const kernel = { data: randomArray(24 * 20 * 9, next), shape: [24, 20, 3, 3] };
  const { data } = convolutionInference({ input, kernel, padding: 1, activation: 'relu', algorithm: 'wt8x8', context });
  return new Uint32Array(Float32Array.from(data).buffer);
}

/** A module that says of itself what is given. */
function labelled(text: string): Uint8Array {
  const module = new Module();
  module.custom('nnpack-ts', text);
  return module.encode();
}

it('have the version of the package', () => {
  expect(JSON.parse(readFileSync('package.json', 'utf8')).version).toBe(VERSION);
});

describe.each((['simd', 'simd-relaxed'] as const).filter((name) => refuseSimd(name) === null))('of %s', (table) => {
  const bytes = emitTable(table, true).encode();

  it('are the same bytes each time, and give the bits of those that are emitted, on any number of threads', async () => {
    expect(emitTable(table, true).encode()).toEqual(bytes);
    const expected = bitsOf(await contextOf({ kernels: table, threads: 1 }));
    for (const threads of [1, 2]) {
      const context = await contextOf({ modules: bytes, threads });
      expect(context.describe()).toMatchObject({ kernels: table, threads, reasons: [] });
      expect(bitsOf(context)).toEqual(expected);
    }
  });

  it('are taken as bytes of either kind and as a module, with the table named or not, and nothing is emitted', async () => {
    const before = Object.keys(compiledModules(true));
    for (const modules of [bytes, bytes.buffer, new WebAssembly.Module(bytes)]) {
      for (const kernels of ['auto', table] as const) {
        const context = await contextOf({ modules, kernels, threads: 1 });
        expect(context.describe().kernels).toBe(table);
        bitsOf(context);
      }
    }
    expect(Object.keys(compiledModules(true))).toEqual(before);
  });

  it('are refused where another table or another memory is asked for', async () => {
    await expect(createContext({ modules: bytes, kernels: 'scalar' })).rejects.toMatchObject({
      name: 'NnpackError',
      code: 'invalid-argument',
      message: `createContext: modules is of the table ${table}, expected one of scalar`,
    });
    await expect(createContext({ modules: emitTable(table, false).encode() })).rejects.toMatchObject({
      name: 'NnpackError',
      code: 'unsupported-hardware',
      message: expect.stringContaining('modules is for memory of its own, expected one for memory that threads share'),
    });
  });
});

it.each([
  ['text', 'kernels.wasm', /^createContext: modules is 'kernels.wasm', expected bytes or a WebAssembly.Module$/],
  ['null', null, /^createContext: modules is null, expected bytes/],
  ['bytes that are no module', new Uint8Array([1, 2, 3]), /^createContext: modules cannot be compiled: /],
  [
    'bytes that end early',
    emitTable('simd', true).encode().subarray(0, 999),
    /^createContext: modules cannot be compiled: /,
  ],
  ['a module of others', new Module().encode(), /is no module that `nnpack-ts kernels` wrote$/],
  ['a label that is no JSON', labelled('{'), /is no module that `nnpack-ts kernels` wrote$/],
  ['a label of null', labelled('null'), /is no module that `nnpack-ts kernels` wrote$/],
  [
    'another version',
    labelled('{"version":"0.0.9"}'),
    /^createContext: modules is of nnpack-ts '0.0.9', expected \d+\.\d+\.\d+$/,
  ],
  [
    'another table',
    labelled(JSON.stringify({ version: VERSION, table: 'simd512' })),
    /is of the table 'simd512', expected one of simd, /,
  ],
])('%s: an error that says why', async (_, modules, message) => {
  const made = createContext({ modules: modules as Uint8Array });
  await expect(made).rejects.toMatchObject({ name: 'NnpackError', code: 'invalid-argument' });
  await expect(made).rejects.toThrow(message);
});

it('that are fused are refused by a context that shall be deterministic', async () => {
  const modules = labelled(JSON.stringify({ version: VERSION, table: 'simd-relaxed', shared: true }));
  await expect(createContext({ modules, deterministic: true })).rejects.toThrow(
    'createContext: modules is of the table simd-relaxed, expected one of a table that is deterministic',
  );
});
