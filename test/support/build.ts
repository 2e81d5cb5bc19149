/**
 * Workers run the build, and benchmarks are compiled, so both are made once before the tests. Type errors do not stop it:
 * `npm run check` is for them.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

export default function build(): void {
  // What a build before has left of files that are gone would be packed, and found.
  for (const folder of ['dist', 'build']) rmSync(folder, { recursive: true, force: true });
  for (const project of ['tsconfig.build.json', 'tsconfig.bench.json']) {
    spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { stdio: 'inherit' });
  }
}
