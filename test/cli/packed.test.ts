/** The build as it is packed: the command line must find all that it needs in it, and in the package's dependencies. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const OPTIONAL = ['@observablehq/plot', 'linkedom'];
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nnpack-ts-packed-')));
const home = join(folder, 'node_modules/nnpack-ts');
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The package where it would be installed, with what its dependencies need. */
beforeAll(() => {
  cpSync('dist', join(home, 'dist'), { recursive: true });
  cpSync('package.json', join(home, 'package.json'));
  for (const name of [...Object.keys(dependencies), 'iota-array', 'is-buffer']) {
    cpSync(join('node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  }
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/vendor.ts', join(home, 'dist')], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A folder of packages above, in which Node looks as well. */
function lenderAbove(from: string): string | null {
  const above = dirname(from);
  if (above === from) return null;
  return existsSync(join(above, 'node_modules')) ? join(above, 'node_modules') : lenderAbove(above);
}

describe('the packed command line', () => {
  it('imports Node, its own files, its dependencies and what is optional, and nothing else', async () => {
    const cli = join(home, 'dist/cli');
    const files = readdirSync(cli, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    const { metafile } = await build({
      entryPoints: files.map((file) => join(cli, file)),
      outdir: join(folder, 'out'),
      bundle: true,
      packages: 'external',
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
    });
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.filter(({ external }) => external).map(({ path }) => path),
    );
    const expected = [...Object.keys(dependencies), ...OPTIONAL];
    expect([...new Set(outside)].filter((path) => !isBuiltin(path) && !expected.includes(path))).toEqual([]);
    expect(outside).toContain('node:util');
  });

  it('runs where nothing lies above its folder', ({ skip }) => {
    const lender = lenderAbove(folder);
    skip(lender !== null, `${lender} lends packages to every folder for temporary files`);
    const line = 'verify --algorithm direct,wt8x8 --kernels scalar --threads 1,2 --cases 3 --seed 7'.split(' ');
    const main = join(home, 'dist/cli/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...line], {
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/wt8x8 .* holds/);
  });
});
