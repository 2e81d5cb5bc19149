/**
 * Makes the command line of a packed package stand alone: the core keeps its two runtime dependencies, and what only the
 * commands need (tables, colours, pictures, generated cases) is bundled beside them.
 *
 *   1. each package that dist/cli imports  →  dist/cli/vendor/NAME.js, its own dependencies inside
 *   2. dist/testing with fast-check        →  dist/cli/vendor/testing.js: as a library it leaves fast-check to its user
 *   3. dist/cli is bundled from main.js, a file for each part that is loaded when it is needed; its imports are pointed at
 *      these, and the licences of all that was bundled stand beside them
 *   4. comments, white space and long names go from what runs: they are for readers of the sources, and declarations keep
 *      what is for users; but bundlers still read that Node's own modules are not for them
 *   5. declarations that no entry of the package comes to go, and comments of those that none names
 *
 * Imports are found and rewritten by a compiler, esbuild: however they are written, none is missed.
 * Plots stay outside: who wants a page of them installs the plotting library, and is told so.
 *
 *   tsx scripts/vendor.ts [folder of the build, dist]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { build, type Plugin, transform } from 'esbuild';
import typescript from 'typescript';

const { preProcessFile } = typescript;
const ROOT = resolve(import.meta.dirname, '..');
const DIST = realpathSync(process.argv[2] ?? join(ROOT, 'dist'));
const CLI = join(DIST, 'cli');
const VENDOR = join(CLI, 'vendor');
const TESTING = join(DIST, 'testing');
const LEFT_TO_THE_USER = ['@observablehq/plot', 'linkedom'];
/** What a program of the package must find where it is installed. */
const { name: OWN, dependencies, exports: entries } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
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

/** What dist/cli imports of fast-check by name: all of it would be twice as much. */
function drawnWith(): string {
  const names = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/import \{([^}]*)\} from ['"]fast-check['"]/g)].flatMap(([, list]) =>
      list.split(','),
    ),
  );
  return [...new Set(names.map((name) => name.trim()))].join(', ');
}

/** Writes dist/cli anew, in parts and with other imports, and gives the packages that it now expects in `vendor`. */
async function bundleCommands(): Promise<Map<string, string>> {
  const names = new Map([['fast-check', 'testing']]);
  const pointing: Plugin = {
    name: 'imports point at vendor',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, resolveDir, kind }) => {
        if (kind === 'entry-point') return undefined;
        // All parts lie in CLI itself.
        const outside = (target: string) => ({ path: importPath(CLI, target), external: true });
        const vendored = (name: string) => outside(join(VENDOR, `${name}.js`));
        if (path.startsWith('.')) {
          const target = resolve(resolveDir, path);
          if (isIn(TESTING, target)) return vendored('testing');
          return isIn(CLI, target) ? undefined : outside(target);
        }
        if (isBuiltin(path) || STAY.includes(path)) return { path, external: true };
        const name = names.get(path) ?? path.replaceAll('/', '-').replace('@', '');
        names.set(path, name);
        return vendored(name);
      });
    },
  };
  const { outputFiles } = await build({
    entryPoints: [join(CLI, 'main.js')],
    absWorkingDir: DIST,
    outdir: CLI,
    chunkNames: '[name]-[hash]',
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    logLevel: 'warning',
    plugins: [pointing],
  });
  for (const entry of readdirSync(CLI)) if (entry !== basename(VENDOR)) rmSync(join(CLI, entry), { recursive: true });
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
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

function filesOf(ending: string): string[] {
  const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith(ending)).map((file) => join(DIST, file));
}

/** What is in `vendor` has lost all of that already. */
async function shorten(): Promise<void> {
  for (const path of filesOf('.js').filter((each) => !isIn(VENDOR, each))) {
    const { code } = await transform(readFileSync(path, 'utf8'), {
      format: 'esm',
      target: 'node20',
      charset: 'utf8',
      legalComments: 'none',
      minify: true,
    });
    writeFileSync(path, code.replace(/\bimport\((?="node:)/g, 'import(/*webpackIgnore:true*//*@vite-ignore*/'));
  }
}

/** The declarations that one imports. */
function importedBy(path: string): string[] {
  const { importedFiles } = preProcessFile(readFileSync(path, 'utf8'));
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => resolve(dirname(path), fileName.replace(/\.[jt]s$/, '.d.ts')));
}

/** Where the attributes of operations are told, which the type of a graph leads its user to. */
const OPERATIONS = join(DIST, 'graph', 'ops');

/** Types of what is only used inside are nobody's, and what others say of themselves nobody reads whom they are not named to. */
function dropInnerDeclarations(): void {
  const types = Object.values<{ types?: string }>(entries).flatMap((entry) => entry.types ?? []);
  const own = types.map((path) => join(DIST, relative('dist', path)));
  const named = new Set([...own, ...own.flatMap(importedBy)]);
  const reached = new Set<string>();
  const waiting = [...own];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    waiting.push(...importedBy(path));
  }
  for (const path of filesOf('.d.ts')) {
    const text = readFileSync(path, 'utf8');
    const isOfAttributes = isIn(OPERATIONS, path) && /^export interface \w+Attributes\b/m.test(text);
    if (!reached.has(path)) rmSync(path);
    else if (!named.has(path) && !isOfAttributes)
      writeFileSync(path, text.replace(/^ *\/\*\*.*?\*\/\n/gms, '').replace(/^ +/gm, ''));
  }
}

rmSync(VENDOR, { recursive: true, force: true });
const files = readdirSync(CLI, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js'))
  .map((file) => join(CLI, file));
mkdirSync(VENDOR);
const testing = `export * from ${JSON.stringify(join(TESTING, 'index.js'))}; export { ${drawnWith()} } from 'fast-check';`;
const inputs = new Set(await bundle('testing', testing));
for (const [target, name] of await bundleCommands()) {
  if (name === 'testing') continue;
  for (const input of await bundle(name, await reexports(target))) inputs.add(input);
}

const folders = new Set([...inputs].map(packageOf).filter((folder) => folder !== null));
const licences = [...folders].sort().filter((folder) => existsSync(join(folder, 'package.json')));
writeFileSync(join(VENDOR, 'LICENCES.txt'), licences.map(licenceOf).join(`\n\n${'-'.repeat(78)}\n\n`));
await shorten();
dropInnerDeclarations();
