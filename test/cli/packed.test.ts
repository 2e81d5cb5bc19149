/** The build as it is packed: the command line must find all that it needs in it, and in the package's dependencies. */
import { execSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const OPTIONAL = ['@observablehq/plot', 'linkedom'];
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nnpack-ts-packed-')));
const home = join(folder, 'node_modules/nnpack-ts');
const { dependencies, exports: entries } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The package where it would be installed, with what its dependencies need. */
beforeAll(() => {
  cpSync('dist', join(home, 'dist'), { recursive: true });
  for (const file of ['package.json', 'README.md', 'LICENSE', 'docs'])
    cpSync(file, join(home, file), { recursive: true });
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

const textOf = (path: string): string => readFileSync(join(home, path), 'utf8');

/** The declarations that those of the entry points come to, by any number of imports. */
function declarations(): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const code = textOf(path).replace(/^\s*(\/\*|\*|\/\/).*$/gm, '');
    for (const [, target] of code.matchAll(/(?:from|import\()\s*'(\.[^']+)\.[jt]s'/g)) {
      visit(join(dirname(path), `${target}.d.ts`).replaceAll('\\', '/'));
    }
  };
  for (const entry of Object.values<string | { types: string }>(entries)) {
    if (typeof entry !== 'string') visit(join(entry.types).replaceAll('\\', '/'));
  }
  return reached;
}

/** Bytes of the package of 0.1.0, packed and unpacked. */
const BEFORE = { size: 916_925, unpackedSize: 4_212_478 };

/** What 0.1.0 could not do has bytes of its own. */
const SINCE = ['dist/mxnet', 'dist/onnx', 'dist/onnxruntime'];

/** What npm packs of it, but for some folders. */
function packed(without: readonly string[] = []): { size: number; unpackedSize: number; paths: string[] } {
  const description = readFileSync(join(home, 'package.json'), 'utf8');
  const { files: patterns, ...rest } = JSON.parse(description);
  const left = [...patterns, ...without.map((path) => `!${path}/**`)];
  writeFileSync(join(home, 'package.json'), JSON.stringify({ ...rest, files: left }));
  try {
    const text = execSync('npm pack --dry-run --json --ignore-scripts', { cwd: home, encoding: 'utf8' });
    const [{ size, unpackedSize, files }] = JSON.parse(text);
    return { size, unpackedSize, paths: files.map(({ path }: { path: string }) => path) };
  } finally {
    writeFileSync(join(home, 'package.json'), description);
  }
}

describe('the packed package', () => {
  it('is what runs and its types: no sources, no maps, at most 0.6 of the bytes of 0.1.0 for what that could do', () => {
    const { unpackedSize, paths } = packed();
    const expected =
      /^(dist\/.*\.(js|d\.ts)|dist\/cli\/vendor\/LICENCES\.txt|docs\/(?:models|onnxruntime)\.md|README\.md|LICENSE|package\.json)$/;
    expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    for (const path of ['dist/index.js', 'dist/nnpack-worker.js', 'dist/cli/main.js', ...declarations()]) {
      expect(paths).toContain(path);
    }
    const mapped = paths.filter((path) => path.endsWith('.js') && /^\/\/# sourceMappingURL=\w/m.test(textOf(path)));
    expect(mapped).toEqual([]);
    const core = packed(SINCE);
    expect(core.paths.filter((path) => SINCE.some((folder) => path.startsWith(`${folder}/`)))).toEqual([]);
    expect(core.size).toBeLessThanOrEqual(0.6 * BEFORE.size);
    expect(unpackedSize).toBeLessThanOrEqual(0.6 * BEFORE.unpackedSize);
  });
});

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
    // All of it is packed: what the package leaves out is asked for by none of these.
    const paths = new Set(packed().paths);
    const own = Object.keys(metafile.inputs).map((path) => relative(home, resolve(path)).replaceAll('\\', '/'));
    expect(own.filter((path) => !paths.has(path))).toEqual([]);
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
