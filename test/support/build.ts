/** Workers run the build, so it is made once before the tests. Type errors do not stop it: `npm run check` is for them. */
import { spawnSync } from 'node:child_process';

export default function build(): void {
  spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
}
