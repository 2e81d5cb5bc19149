/** The types of the public API, as a user's compiler sees them: the declarations of the build, checked themselves as well. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

function compile(project: string): { status: number | null; errors: string[] } {
  const args = ['node_modules/typescript/bin/tsc', '-p', project];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, errors: stdout.split('\n').filter((line) => line.includes('error TS')) };
}

/** In the package, so that the package's name means itself. */
const folder = mkdtempSync('build/types-');
afterAll(() => rmSync(folder, { recursive: true }));

describe('the types of the public API', () => {
  it('let pass what must compile, and refuse what must not', () => {
    expect(compile('test/types')).toEqual({ status: 0, errors: [] });
  });

  it('would not: what a file expects in vain is an error, and so is what it does not expect', () => {
    const lines = [
      "import { reluOutput } from 'nnpack-ts';",
      '// @ts-expect-error nothing is wrong here',
      'reluOutput({ input: { data: new Float32Array(1), shape: [1] } });',
      'reluOutput({ input: 1 });',
      "export type { NoSuchType } from 'nnpack-ts';",
    ];
    writeFileSync(join(folder, 'wrong.ts'), lines.join('\n'));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../test/types/tsconfig.json', include: ['.'] }),
    );
    const { status, errors } = compile(folder);
    expect(status).not.toBe(0);
    const found = errors.map((error) => /wrong\.ts\((\d+),.*error (TS\d+)/.exec(error)?.slice(1));
    expect(found).toEqual([
      ['2', 'TS2578'],
      ['4', 'TS2322'],
      ['5', 'TS2305'],
    ]);
  });
});
