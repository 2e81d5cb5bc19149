import { defineConfig } from 'vitest/config';

/** `--mode slow`: many more runs of each property. `--mode relaxed`: Node 20 has relaxed SIMD behind a flag; newer ones have it without. */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    execArgv: mode === 'relaxed' ? ['--experimental-wasm-relaxed-simd'] : [],
    // What tests read of the mode, in their own processes.
    env: { NNPACK_TEST_RUNS: mode === 'slow' ? 'slow' : '' },
    maxWorkers: 2,
    testTimeout: mode === 'slow' ? 3_600_000 : 120_000,
    hookTimeout: 60_000,
  },
}));
