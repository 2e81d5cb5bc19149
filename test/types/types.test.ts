/** The types of the public API, as a user's compiler sees them: the declarations of the build, checked themselves as well. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** What README's examples take from the reader. */
const GIVEN = `
declare const picture: import('nnpack-ts').Tensor;
declare const input: import('nnpack-ts').Tensor;
declare const kernel: import('nnpack-ts').Tensor;
declare const context: import('nnpack-ts').Context;
`;
const MY_KERNEL = `
import type { Problem } from 'nnpack-ts/testing';
export declare function convolve(
  input: Float32Array, kernel: Float32Array, bias: Float32Array | null, problem: Problem,
): Promise<Float32Array>;
`;

describe('the types of the public API', () => {
  it('let pass what must compile, and refuse what must not', () => {
    expect(compile('test/types')).toEqual({ status: 0, errors: [] });
  });

  it.each([
    ['nodenext', ['es2022']],
    ['nodenext', ['es2022', 'dom']],
    ['preserve', ['es2022']],
    ['preserve', ['es2022', 'webworker']],
  ])('need nothing that is not installed with the package: %s, %j', (module, lib) => {
    const project = mkdtempSync(join(folder, 'plain-'));
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
    // Those whose peers are optional have their types from there.
    const entries = Object.keys(exports).filter((entry) => !/json$|testing$|onnxruntime$|tfjs-backend$/.test(entry));
    const lines = entries.map((entry, i) => `export * as entry${i} from '${entry.replace('.', 'nnpack-ts')}';`);
    writeFileSync(join(project, 'all.ts'), lines.join('\n'));
    const moduleResolution = module === 'preserve' ? 'bundler' : module;
    const compilerOptions = { module, moduleResolution, lib, target: 'es2022', types: [], strict: true };
    const options = { ...compilerOptions, noEmit: true, skipLibCheck: false };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['all.ts'] }));
    expect(compile(project)).toEqual({ status: 0, errors: [] });
  });

  it('let pass the examples of README, beside which what a file expects in vain is an error, as is what it does not expect', () => {
    const examples = [...readFileSync('README.md', 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)];
    expect(examples.length).toBeGreaterThan(5);
    examples.forEach(([, code], i) => {
      writeFileSync(join(folder, `readme-${i + 1}.ts`), code);
    });
    writeFileSync(join(folder, 'given.d.ts'), GIVEN);
    writeFileSync(join(folder, 'my-kernel.ts'), MY_KERNEL);
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
      JSON.stringify({
        extends: '../../test/types/tsconfig.json',
        compilerOptions: { types: ['node'], skipLibCheck: true },
        include: ['.'],
      }),
    );
    const { status, errors } = compile(folder);
    expect(status).not.toBe(0);
    const found = errors.map((error) => /wrong\.ts\((\d+),.*error (TS\d+)/.exec(error)?.slice(1) ?? error);
    expect(found).toEqual([
      ['2', 'TS2578'],
      ['4', 'TS2322'],
      ['5', 'TS2305'],
    ]);
  });
});
