/**
 * TensorFlow.js's own tests of operations, and a few of ours, on the backend 'nnpack': npm run test:tfjs-core -- [PATTERN]
 *
 * Its npm package has its tests. They and TensorFlow.js are installed in test/tfjs-backend, pinned there. First the backend is
 * compiled against the types of the packages; then the tests run on typed arrays and on emitted kernels. As many must pass as ever
 * did, and our kernels must have been called: a bundler that believes what a package says of its side effects drops all tests.
 * PATTERN is part of the names that are run; nothing is counted then.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { KernelStatistics } from '../src/tfjs-backend/statistics.ts';

/** Files of @tensorflow/tfjs-core/dist/ops. */
const FILES = [
  'arithmetic_test',
  'avg_pool_test',
  'binary_ops_test',
  'concat_test',
  'conv1d_test',
  'conv2d_separable_test',
  'conv2d_test',
  'conv2d_transpose_test',
  'depthwise_conv2d_test',
  'fused/fused_conv2d_test',
  'fused/fused_depthwise_conv2d_test',
  'fused/fused_mat_mul_test',
  'image/resize_bilinear_test',
  'image/resize_nearest_neighbor_test',
  'leaky_relu_test',
  'local_response_normalization_test',
  'log_softmax_test',
  'mat_mul_test',
  'max_pool_test',
  'pad_test',
  'pool_test',
  'relu6_test',
  'relu_test',
  'softmax_test',
];

/** What passed when this was written. */
const LEAST_TESTS = 800;

const TABLES = ['scalar', 'simd'];

interface Bundle {
  readonly CHECKS: Readonly<Record<string, () => Promise<void>>>;
  readonly KERNELS: readonly { readonly name: string }[];
  nnpackStatistics(): Readonly<Record<string, KernelStatistics>>;
}

interface SpecResult {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

/** The part of jasmine's environment that is used. */
interface JasmineEnvironment {
  configure(options: { random: boolean; specFilter(spec: { getFullName(): string }): boolean }): void;
  addReporter(reporter: { specDone(result: SpecResult): void }): void;
  execute(): Promise<unknown>;
}

interface Jasmine {
  getEnv(options: object): JasmineEnvironment;
}

interface JasmineCore {
  core(self: JasmineCore): Jasmine;
  interface(jasmine: Jasmine, environment: JasmineEnvironment): object;
}

const root = join(import.meta.dirname, '..');
const home = join(root, 'test/tfjs-backend');
const [pattern = ''] = process.argv.slice(2);
const table = process.env.NNPACK_TFJS_TABLE;

if (table === undefined) runAll();
else await runTests(table);

/** Each table has a process of its own, whose default context takes it. */
function runAll(): void {
  if (!existsSync(join(home, 'node_modules/.package-lock.json'))) {
    const shell = process.platform === 'win32';
    execFileSync('npm', ['ci'], { cwd: home, stdio: ['ignore', 'inherit', 'inherit'], shell });
  }
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', home], { stdio: 'inherit' });
  for (const kernels of TABLES) {
    const env = { ...process.env, NNPACK_TFJS_TABLE: kernels, NNPACK_KERNELS: kernels, NNPACK_NTHREADS: '1' };
    const args = [...process.execArgv, import.meta.filename, pattern];
    if (spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status !== 0) process.exitCode = 1;
  }
}

async function runTests(kernels: string): Promise<void> {
  const require = createRequire(join(home, 'package.json'));
  const core = require('jasmine-core/lib/jasmine-core/jasmine.js') as JasmineCore;
  const jasmine = core.core(core);
  const environment = jasmine.getEnv({ suppressLoadErrors: true });
  // The tests find jasmine where its own command puts it.
  Object.assign(globalThis, core.interface(jasmine, environment), { jasmine });
  const bundle = require(await bundled()) as Bundle;
  let passed = 0;
  const failures: string[] = [];
  environment.configure({ random: false, specFilter: (spec) => spec.getFullName().includes(pattern) });
  environment.addReporter({
    specDone({ status, fullName, failedExpectations }) {
      if (status === 'passed') passed++;
      else if (status === 'failed') failures.push(`${fullName}: ${failedExpectations[0]?.message}`);
    },
  });
  await environment.execute();
  let checked = 0;
  for (const [name, check] of Object.entries(bundle.CHECKS)) {
    if (!name.includes(pattern)) continue;
    await check().then(
      () => checked++,
      (error) => failures.push(`${name}: ${(error as Error).stack}`),
    );
  }
  const statistics = bundle.nnpackStatistics();
  if (pattern === '') failures.push(...missing(passed, bundle, statistics));
  const calls = Object.values(statistics).reduce((sum, { accelerated }) => sum + total(accelerated), 0);
  console.log(`${kernels}: ${passed} tests of tfjs-core and ${checked} of ours passed, ${calls} calls of our kernels`);
  for (const failure of failures) console.error(failure);
  // Threads of TensorFlow.js's platform may be left.
  process.exit(failures.length === 0 ? 0 : 1);
}

/** What shows that the tests did not run at all, or not on our kernels. */
function missing(passed: number, { KERNELS }: Bundle, statistics: ReturnType<Bundle['nnpackStatistics']>): string[] {
  const unused = KERNELS.filter(({ name }) => total(statistics[name]?.accelerated ?? {}) === 0);
  return [
    ...(passed < LEAST_TESTS ? [`${passed} tests passed, expected at least ${LEAST_TESTS}`] : []),
    ...unused.map(({ name }) => `${name}: no call ran on our kernel`),
  ];
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** TensorFlow.js, its tests, the backend and our checks as one file, because its tests import files without their extensions. */
async function bundled(): Promise<string> {
  const outfile = join(home, 'build/tests.cjs');
  mkdirSync(join(home, 'build'), { recursive: true });
  const dist = '@tensorflow/tfjs-core/dist';
  // Modules run in the order of their imports: environments are known before tests ask for them.
  const files: Record<string, string> = {
    setup: `import { setTestEnvs } from '${dist}/jasmine_util';
      setTestEnvs([{ name: 'nnpack', backendName: 'nnpack', isDataSync: true }]);`,
    entry: `import '${dist}/public/chained_ops/register_all_chained_ops';
      import '${dist}/register_all_gradients';
      export { nnpackStatistics } from '../../src/tfjs-backend/index.ts';
      export { KERNELS } from '../../src/tfjs-backend/register.ts';
      export { CHECKS } from './checks.ts';
      import 'setup';
      ${FILES.map((file) => `import '${dist}/ops/${file}.js';`).join('\n')}`,
  };
  await build({
    stdin: { contents: files.entry, resolveDir: home, loader: 'ts' },
    plugins: [
      {
        name: 'setup',
        setup(bundler) {
          bundler.onResolve({ filter: /^setup$/ }, ({ path }) => ({ path, namespace: 'setup' }));
          bundler.onLoad({ filter: /.*/, namespace: 'setup' }, ({ path }) => ({
            contents: files[path],
            resolveDir: home,
          }));
        },
      },
    ],
    ...{ outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error', ignoreAnnotations: true },
    mainFields: ['module', 'main'],
    // Those of src find TensorFlow.js here too.
    nodePaths: [join(home, 'node_modules')],
    external: ['jasmine-core/*'],
    define: { 'import.meta.url': JSON.stringify(`file://${outfile}`) },
  });
  return outfile;
}
