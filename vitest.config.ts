import { defineConfig } from 'vitest/config';

const isSlow = process.env.NNPACK_TEST_RUNS === 'slow';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: isSlow ? 3_600_000 : 120_000,
    hookTimeout: 60_000,
  },
});
