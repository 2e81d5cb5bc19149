import { defineConfig } from 'vitest/config';

const isSlow = process.env.NNPACK_TEST_RUNS === 'slow';
/** Node 20 has relaxed SIMD behind a flag; newer ones have it without. */
const relaxed = process.env.NNPACK_TEST_RELAXED === undefined ? [] : ['--experimental-wasm-relaxed-simd'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    execArgv: relaxed,
    maxWorkers: 2,
    testTimeout: isSlow ? 3_600_000 : 120_000,
    hookTimeout: 60_000,
  },
});
