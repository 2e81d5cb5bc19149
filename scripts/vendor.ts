/**
 * Makes the command line of a packed package stand alone: the core keeps its two runtime dependencies, and what only the
 * commands need (tables, colours, pictures, generated cases) is bundled beside them.
 *
 *   1. each package that dist/cli imports  →  dist/cli/vendor/NAME.js, its own dependencies inside
 *   2. dist/testing with fast-check        →  dist/cli/vendor/testing.js: as a library it leaves fast-check to its user
 *   3. the imports in dist/cli are pointed at these, and the licences of all that was bundled stand beside them
 *
 * Plots stay outside: who wants a page of them installs the plotting library, and is told so.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

const DIST = resolve(import.meta.dirname, '../dist');
const CLI = join(DIST, 'cli');
const VENDOR = join(CLI, 'vendor');
const TESTING = join(DIST, 'testing');
const LEFT_TO_THE_USER = ['@observablehq/plot', 'linkedom'];
const IMPORT = /(from\s+|import\(|import\s+)'([^']+)'/g;

/** Our own modules stay where they are: a bundle in `vendor` finds them by their path from there. */
const ownModulesStay: Plugin = {
  name: 'own modules stay',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const target = resolve(resolveDir, path);
      const isOurs = target.startsWith(DIST + sep) && !target.startsWith(TESTING + sep);
      return isOurs ? { path: relative(VENDOR, target).replaceAll(sep, '/'), external: true } : undefined;
    });
  },
};

async function bundle(name: string, contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: DIST },
    outfile: join(VENDOR, `${name}.js`),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    metafile: true,
    logLevel: 'warning',
    // CommonJS packages ask for Node's own modules by `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    plugins: [ownModulesStay],
  });
  return Object.keys(metafile.inputs);
}

/** `node_modules/@a/b/lib/c.js` is of `@a/b`. */
function packageOf(input: string): string | null {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[0] ?? null;
}

function licenceOf(folder: string): string {
  const { name, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) throw new Error(`${name} has no licence`);
  return `${name} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8')}`;
}

/** The default export and the names that dist/cli imports; those of a CommonJS package are members of its default. */
function reexports(target: string): string {
  const pattern = new RegExp(`import[^;']*\\{([^}]*)\\}\\s*from\\s+'${target}'`, 'g');
  const names = new Set(
    files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, list]) => list)),
  );
  const list = [...names].flatMap((some) => some.split(',').map((name) => name.trim()));
  const members = list.length === 0 ? '' : `export const { ${[...new Set(list)].join(', ')} } = all;`;
  return `import all from '${target}'; export default all; ${members}`;
}

const files = readdirSync(CLI, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js') && !file.startsWith('vendor'))
  .map((file) => join(CLI, file));

rmSync(VENDOR, { recursive: true, force: true });
mkdirSync(VENDOR);
const inputs = new Set(
  await bundle('testing', "export * from './testing/index.js'; export { default } from 'fast-check';"),
);
const vendored = new Map([['fast-check', 'testing']]);
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  for (const [, , target] of text.matchAll(IMPORT)) {
    if (/^(\.|node:)/.test(target) || vendored.has(target) || LEFT_TO_THE_USER.includes(target)) continue;
    const name = target.replaceAll('/', '-').replace('@', '');
    vendored.set(target, name);
    for (const input of await bundle(name, reexports(target))) inputs.add(input);
  }
}

for (const file of files) {
  const to = (name: string): string => {
    const path = relative(dirname(file), join(VENDOR, `${name}.js`)).replaceAll(sep, '/');
    return path.startsWith('.') ? path : `./${path}`;
  };
  const text = readFileSync(file, 'utf8').replace(IMPORT, (whole, keyword: string, target: string) => {
    if (target.startsWith('.')) {
      return resolve(dirname(file), target).startsWith(TESTING + sep) ? `${keyword}'${to('testing')}'` : whole;
    }
    const name = vendored.get(target);
    return name === undefined ? whole : `${keyword}'${to(name)}'`;
  });
  writeFileSync(file, text);
}

const folders = new Set([...inputs].map(packageOf).filter((folder) => folder !== null));
const licences = [...folders].sort().filter((folder) => existsSync(join(folder, 'package.json')));
writeFileSync(join(VENDOR, 'LICENCES.txt'), licences.map(licenceOf).join(`\n\n${'-'.repeat(78)}\n\n`));
