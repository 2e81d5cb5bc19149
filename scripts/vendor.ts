/**
 * Makes the command line of a packed package stand alone: the core keeps its two runtime dependencies, and what only the
 * commands need (tables, colours, pictures, generated cases) is bundled beside them.
 *
 *   1. each package that dist/cli imports  →  dist/cli/vendor/NAME.js, its own dependencies inside
 *   2. dist/testing with fast-check        →  dist/cli/vendor/testing.js: as a library it leaves fast-check to its user
 *   3. the imports in dist/cli are pointed at these, and the licences of all that was bundled stand beside them
 *   4. comments and white space go from what runs: they are for readers of the sources, and declarations keep those for users
 *
 * Imports are found and rewritten by a compiler, esbuild: however they are written, none is missed.
 * Plots stay outside: who wants a page of them installs the plotting library, and is told so.
 *
 *   tsx scripts/vendor.ts [folder of the build, dist]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = realpathSync(process.argv[2] ?? join(ROOT, 'dist'));
const CLI = join(DIST, 'cli');
const VENDOR = join(CLI, 'vendor');
const TESTING = join(DIST, 'testing');
const LEFT_TO_THE_USER = ['@observablehq/plot', 'linkedom'];
/** What a program of the package must find where it is installed. */
const { name: OWN, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const STAY = [OWN, ...Object.keys(dependencies), ...LEFT_TO_THE_USER];

function isIn(folder: string, file: string): boolean {
  return file.startsWith(folder + sep);
}

function importPath(from: string, to: string): string {
  const path = relative(from, to).replaceAll(sep, '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** Our own modules stay where they are: a bundle in `vendor` finds them by their path from there. */
const ownModulesStay: Plugin = {
  name: 'own modules stay',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const target = resolve(resolveDir, path);
      if (!isIn(DIST, target) || isIn(TESTING, target)) return undefined;
      return { path: importPath(VENDOR, target), external: true };
    });
  },
};

async function bundle(name: string, contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: DIST },
    outfile: join(VENDOR, `${name}.js`),
    // The build may lie outside of the folder that the packages are installed in.
    nodePaths: [join(ROOT, 'node_modules')],
    absWorkingDir: ROOT,
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
  return Object.keys(metafile.inputs).map((input) => resolve(ROOT, input));
}

/** All that an import of the package can name: its default, and the members that Node finds. */
async function reexports(target: string): Promise<string> {
  const names = Object.keys(await import(target)).filter((name) => /^[A-Za-z$]\w*$/.test(name) && name !== 'default');
  const members = names.length === 0 ? '' : `export const { ${names.join(', ')} } = all;`;
  return `import all from '${target}'; export default all; ${members}`;
}

/** Writes dist/cli anew with other imports, and gives the packages that it now expects in `vendor`. */
async function pointAtVendor(): Promise<Map<string, string>> {
  const names = new Map([['fast-check', 'testing']]);
  const pointing: Plugin = {
    name: 'imports point at vendor',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, resolveDir, kind }) => {
        if (kind === 'entry-point') return undefined;
        const vendored = (name: string) => ({
          path: importPath(resolveDir, join(VENDOR, `${name}.js`)),
          external: true,
        });
        if (path.startsWith('.')) {
          return isIn(TESTING, resolve(resolveDir, path)) ? vendored('testing') : { path, external: true };
        }
        if (isBuiltin(path) || STAY.includes(path)) return { path, external: true };
        const name = names.get(path) ?? path.replaceAll('/', '-').replace('@', '');
        names.set(path, name);
        return vendored(name);
      });
    },
  };
  await build({
    entryPoints: files,
    absWorkingDir: DIST,
    outdir: CLI,
    outbase: CLI,
    allowOverwrite: true,
    // Every file is an entry and every import is external: what is written is the same file.
    bundle: true,
    treeShaking: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    logLevel: 'warning',
    plugins: [pointing],
  });
  return names;
}

/** `node_modules/@a/b/lib/c.js` is of `@a/b`. */
function packageOf(input: string): string | null {
  return /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input.replaceAll(sep, '/'))?.[0] ?? null;
}

function licenceOf(folder: string): string {
  const { name, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && license === undefined) throw new Error(`${name} has no licence`);
  return `${name} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8')}`;
}

/** What dist/cli has lost on its way through the compiler already. */
async function dropComments(): Promise<void> {
  const paths = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).map((file) => join(DIST, file));
  for (const path of paths.filter((each) => each.endsWith('.js') && !isIn(CLI, each))) {
    const { code } = await transform(readFileSync(path, 'utf8'), {
      format: 'esm',
      target: 'node20',
      charset: 'utf8',
      minifyWhitespace: true,
    });
    writeFileSync(path, code);
  }
}

rmSync(VENDOR, { recursive: true, force: true });
const files = readdirSync(CLI, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js'))
  .map((file) => join(CLI, file));
mkdirSync(VENDOR);
const testing = `export * from ${JSON.stringify(join(TESTING, 'index.js'))}; export { default } from 'fast-check';`;
const inputs = new Set(await bundle('testing', testing));
for (const [target, name] of await pointAtVendor()) {
  if (name === 'testing') continue;
  for (const input of await bundle(name, await reexports(target))) inputs.add(input);
}

const folders = new Set([...inputs].map(packageOf).filter((folder) => folder !== null));
const licences = [...folders].sort().filter((folder) => existsSync(join(folder, 'package.json')));
writeFileSync(join(VENDOR, 'LICENCES.txt'), licences.map(licenceOf).join(`\n\n${'-'.repeat(78)}\n\n`));
await dropComments();
