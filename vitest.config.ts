import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files of long tests. By length alone they come late, and the last of them runs while all other cores are idle. */
const LONG = ['algorithms/convolution', 'algorithms/special-values', 'networks/built-in', 'context/context-defaults'];

/**
 * Files whose subject is what a process has once (the default context, its memory and threads, the environment), or that
 * leave gigabytes behind. All others share a process, which loads the library once and keeps what it has compiled.
 */
const OWN_PROCESS = ['test/context/**', 'test/threads/**', 'test/algorithms/convolution.test.ts'];

/** Flags of the engine that runs the tests, by mode. */
const FLAGS: Readonly<Record<string, string[]>> = {
  relaxed: ['--experimental-wasm-relaxed-simd'],
  wide: ['--experimental-wasm-revectorize'],
};

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.endsWith(`/${name}.test.ts`));
    const isolated = ({ project }: TestSpecification) => project.config.isolate;
    const sorted = await super.sort(files);
    // Files that share a process follow each other, or it would end between two of them.
    return [isolated, (file: TestSpecification) => !isolated(file)].flatMap((ofKind) => {
      const those = sorted.filter(ofKind);
      return [...those.filter(isLong), ...those.filter((file) => !isLong(file))];
    });
  }
}

/**
 * `--mode slow`: many more runs of each property. `--mode relaxed`: Node 20 has relaxed SIMD behind a flag; newer ones have it
 * without. `--mode wide`: pairs of vectors are packed (scripts/test-wide.ts).
 */
export default defineConfig(({ mode }) => {
  const common = {
    pool: 'forks' as const,
    setupFiles: ['test/support/setup.ts'],
    execArgv: FLAGS[mode] ?? [],
    // What tests read of the mode, in their own processes; and texts that they compare have no colours, in CI neither.
    env: { NNPACK_TEST_RUNS: mode === 'slow' ? 'slow' : '', NO_COLOR: '1' },
    maxWorkers: 2,
    testTimeout: mode === 'slow' ? 3_600_000 : 120_000,
    hookTimeout: 60_000,
  };
  const all = 'test/**/*.test.ts';
  return {
    test: {
      globalSetup: ['test/support/build.ts'],
      sequence: { sequencer: LongFirst },
      maxWorkers: common.maxWorkers,
      projects: [
        {
          test: {
            ...common,
            name: 'own process',
            include: OWN_PROCESS.map((files) => files.replace(/\*\*$/, '**/*.test.ts')),
          },
        },
        { test: { ...common, name: 'shared', include: [all], exclude: OWN_PROCESS, isolate: false } },
      ],
    },
  };
});
