/**
 * Workers run the build, and benchmarks are compiled, so both are made once before the tests. Type errors do not stop it:
 * `npm run check` is for them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';

export default async function build(): Promise<void> {
  // What a build before has left of files that are gone would be packed, and found.
  for (const folder of ['dist', 'build']) rmSync(folder, { recursive: true, force: true });
  // Declarations are as users get them only where types are checked; benchmarks have none.
  await Promise.all([compile('tsconfig.build.json'), compile('tsconfig.bench.json', '--noCheck')]);
}

async function compile(project: string, ...options: string[]): Promise<void> {
  const args = ['node_modules/typescript/bin/tsc', '-p', project, ...options];
  await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close');
}
