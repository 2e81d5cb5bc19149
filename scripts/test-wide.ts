/**
 * The wide kernels on engines that pack pairs of vectors: npm run test:wide -- [ENGINE] [-- arguments of vitest]
 *
 * Newer engines than that of CI are installed from npm in test/engines, pinned there (x64 on Linux; elsewhere nothing is run,
 * and that is said). On each, a trace shows that every hot kernel is packed; then the suites of kernels, layers and algorithms
 * run with the pass switched on, and those of contexts without it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FLAG = '--experimental-wasm-revectorize';
const ENGINES = ['node24', 'node26'];
const CONTEXTS = 'test/context/wide.test.ts';
const SUITES = ['test/kernels', 'test/layers', 'test/algorithms/orders.test.ts', CONTEXTS];

/** Kernels in which the time of a network goes, by their names or what these begin with. */
const HOT = [
  'sgemm_6x16__simd',
  'sgemm_indirect_6x16__simd',
  ...[6, 8].flatMap((edge) => [
    `winograd_input_columns_${edge}_${edge}__simd`,
    `winograd_output_columns_${edge}_3__simd`,
    `winograd_kernel_${edge}_3__simd`,
  ]),
  'winograd_input_rows_8_8__simd',
  'ft8x8_forward_columns__simd',
  'ft16x16_forward_columns__simd',
];

/** A busy machine may not compile all of them in one run. */
const TRACES = 4;

const root = join(import.meta.dirname, '..');
const home = join(root, 'test/engines');

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(
    `wide kernels: not tried, because the engines of test/engines are for Linux on x64, not ${process.platform}`,
  );
  process.exit(0);
}
if (!existsSync(join(home, 'node_modules/.package-lock.json'))) {
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: home, stdio: ['ignore', 'inherit', 'inherit'] });
}
const [only, ...rest] = process.argv.slice(2).filter((argument) => argument !== '--');
const failures = ENGINES.filter((engine) => only === undefined || engine === only).flatMap((engine) => {
  const node = join(home, 'node_modules', engine, 'bin/node');
  const unpacked = unpackedKernels(node);
  console.log(
    `${engine}: ${unpacked.length === 0 ? `all of ${HOT.length} hot kernels are packed` : `not packed: ${unpacked}`}`,
  );
  const failed = unpacked.length > 0 ? [`${engine}: kernels are not packed`] : [];
  // Without the flag the library sets it itself, where a context asks for wide kernels.
  for (const [mode, suites] of [
    ['wide', rest.length > 0 ? rest : SUITES],
    ['test', [CONTEXTS]],
  ] as const) {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { status } = spawnSync(node, [vitest, 'run', '--mode', mode, ...suites], { cwd: root, stdio: 'inherit' });
    if (status !== 0) failed.push(`${engine}, mode ${mode}: the suites fail`);
  }
  return failed;
});
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;

/** The hot kernels that a trace of the engine does not show as packed. */
function unpackedKernels(node: string): string[] {
  const script = join(root, 'test/engines/hot-kernels.mjs');
  // One compiler at a time, or the lines of two are mixed.
  const flags = [FLAG, '--trace-wasm-revectorize', '--wasm-num-compilation-tasks=1'];
  const packed = new Set<string>();
  const unpacked = (): string[] => HOT.filter((name) => !packed.has(name));
  for (let trace = 0; trace < TRACES && unpacked().length > 0; trace++) {
    const text = execFileSync(node, [...flags, script], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
    let current = '';
    for (const line of text.split('\n')) {
      current = /Begin revec function (\S+)/.exec(line)?.[1] ?? current;
      if (/Decided? to vectorize/.test(line)) packed.add(current);
    }
  }
  return unpacked();
}
