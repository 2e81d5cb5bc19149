import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files of long tests. By length alone they come late, and the last of them runs while all other cores are idle. */
const LONG = ['algorithms/convolution', 'algorithms/special-values', 'networks/built-in', 'context/context-defaults'];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.endsWith(`/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

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
    sequence: { sequencer: LongFirst },
    testTimeout: mode === 'slow' ? 3_600_000 : 120_000,
    hookTimeout: 60_000,
  },
}));
