/** The whole emitted module: the same bytes from run to run, whoever emits it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { emitKernels } from '../../src/kernels/simd/module.ts';

const MODULE = new URL('../../dist/kernels/simd/module.js', import.meta.url).href;

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Hashes of what another process emits. */
function emittedElsewhere(name: string, shared: boolean): string {
  const script = `
    import { createHash } from 'node:crypto';
    import { emitKernels } from '${MODULE}';
    console.log(createHash('sha256').update(emitKernels('${name}', ${shared}).encode()).digest('hex'));`;
  // Micro-tiles are an engine's, and a flag may make another engine of it.
  const flags = process.execArgv.filter((flag) => flag.includes('wasm'));
  return execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    encoding: 'utf8',
  }).trim();
}

describe.each([
  ['simd', true],
  ['simd', false],
  ['simd-relaxed', true],
  ['simd-relaxed', false],
] as const)('the module of %s, memory shared: %j', (name, shared) => {
  test('has the same bytes in every run', () => {
    const bytes = emitKernels(name, shared).encode();
    expect(bytes.length).toBeGreaterThan(10_000);
    expect(hash(emitKernels(name, shared).encode())).toBe(hash(bytes));
    expect(emittedElsewhere(name, shared)).toBe(hash(bytes));
  });
});

test('modules differ in what they are asked for', () => {
  const modules = [emitKernels('simd', true), emitKernels('simd', false), emitKernels('simd-relaxed', true)].map(
    (module) => hash(module.encode()),
  );
  expect(new Set(modules).size).toBe(3);
});
