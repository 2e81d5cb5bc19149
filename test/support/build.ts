/**
 * Workers run the build, and benchmarks are compiled, so both are made once before the tests. Type errors do not stop it:
 * `npm run check` is for them.
 */
import { spawnSync } from 'node:child_process';

export default function build(): void {
  for (const project of ['tsconfig.build.json', 'tsconfig.bench.json']) {
    spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { stdio: 'inherit' });
  }
}
