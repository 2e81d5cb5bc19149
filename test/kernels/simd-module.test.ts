/** The emitted modules: the same bytes from run to run, whoever emits them and in which order. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { narrowTwin, SIMD_TABLES, type SimdTableName } from '../../src/kernels/simd/engine.ts';
import { FAMILY_NAMES, type FamilyName } from '../../src/kernels/simd/families.ts';
import { emitFamily } from '../../src/kernels/simd/modules.ts';
import { isWideFamily } from '../../src/kernels/twins.ts';

const at = (file: string): string => new URL(`../../dist/kernels/simd/${file}.js`, import.meta.url).href;

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const hashOf = (name: SimdTableName, family: FamilyName, shared: boolean): string =>
  hash(emitFamily(name, family, shared).encode());

/** Hashes of what another process emits, from the last family to the first. */
function emittedElsewhere(shared: boolean): Record<string, string> {
  const script = `
    import { createHash } from 'node:crypto';
    import { SIMD_TABLES } from '${at('engine')}';
    import { FAMILY_NAMES } from '${at('families')}';
    import { emitFamily } from '${at('modules')}';
    const hashes = {};
    for (const name of SIMD_TABLES) {
      for (const family of [...FAMILY_NAMES].reverse()) {
        const bytes = emitFamily(name, family, ${shared}).encode();
        hashes[name + ' ' + family] = createHash('sha256').update(bytes).digest('hex');
      }
    }
    console.log(JSON.stringify(hashes));`;
  // Micro-tiles are an engine's, and a flag may make another engine of it.
  const flags = process.execArgv.filter((flag) => flag.includes('wasm'));
  const text = execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

test.each([true, false])('have the same bytes in every run, memory shared: %j', (shared) => {
  const elsewhere = emittedElsewhere(shared);
  for (const name of SIMD_TABLES) {
    for (const family of FAMILY_NAMES) {
      const first = hashOf(name, family, shared);
      expect(hashOf(name, family, shared)).toBe(first);
      expect(elsewhere[`${name} ${family}`]).toBe(first);
    }
  }
});

test('differ in what they are asked for', () => {
  const products = (['simd', 'simd-relaxed', 'simd-wide'] as const).map((name) => hashOf(name, 'products', true));
  expect(new Set([...products, hashOf('simd', 'products', false)]).size).toBe(4);
});

test.each(SIMD_TABLES.filter((name) => name !== narrowTwin(name)))(
  '%s has families of its own, and its twin others',
  (name) => {
    for (const family of FAMILY_NAMES) {
      const isOwn = hashOf(name, family, true) !== hashOf(narrowTwin(name), family, true);
      expect([family, isWideFamily(family)]).toEqual([family, isOwn]);
    }
  },
);
