/** node bundle.mjs NAME FOLDER: makes the page of a bundler, FOLDER/NAME, from the programs in FOLDER. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [name, folder] = process.argv.slice(2);
const out = join(folder, name);
const require = createRequire(import.meta.url);
const program = (file) => join(folder, file);
const WORKER = join(folder, 'node_modules/nnpack-ts/dist/nnpack-worker.js');
mkdirSync(out, { recursive: true });

const html = (type, src) =>
  `<!doctype html><link rel="icon" href="data:,"><script type="${type}" src="${src}"></script>`;
const writePage = (type = 'module') => writeFileSync(join(out, 'index.html'), html(type, 'page.js'));

async function withEsbuild(format, entryPoints, banner = '', footer = '') {
  const { build } = await import('esbuild');
  await build({
    entryPoints,
    outdir: out,
    bundle: true,
    format,
    minify: true,
    absWorkingDir: folder,
    banner: { js: banner },
    footer: { js: footer },
    logLevel: 'error',
  });
}

const BUNDLERS = {
  async 'vite-build'() {
    const { build } = await import('vite');
    await build({ root: folder, base: './', configFile: false, logLevel: 'error', build: { outDir: out } });
  },
  async webpack() {
    const webpack = require('webpack');
    const config = {
      mode: 'production',
      context: folder,
      entry: program('page.mjs'),
      output: { path: out, filename: 'page.js', publicPath: 'auto' },
    };
    await new Promise((resolve, reject) => {
      webpack(config, (error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString('errors-only')));
        else resolve();
      });
    });
    writePage('text/javascript');
  },
  async rollup() {
    const { rollup } = await import('rollup');
    const { nodeResolve } = await import('@rollup/plugin-node-resolve');
    const { default: commonjs } = await import('@rollup/plugin-commonjs');
    const bundle = await rollup({
      input: { page: program('page.mjs'), 'nnpack-worker': WORKER },
      plugins: [nodeResolve({ browser: true }), commonjs()],
    });
    // What both entries share is a file beside them.
    await bundle.write({ dir: out, format: 'es', chunkFileNames: '[name]-[hash].js' });
    writePage();
  },
  async 'esbuild-esm'() {
    await withEsbuild('esm', { page: program('page.mjs'), 'nnpack-worker': WORKER });
    writePage();
  },
  async 'esbuild-iife'() {
    await withEsbuild('iife', { page: program('page-with-factory.mjs'), 'started-by-the-page': WORKER });
    writePage('text/javascript');
  },
  // A page has no modules of CommonJS, but may be given what they ask for.
  async 'esbuild-cjs'() {
    const shim = ['{ const module = { exports: {} };', '}'];
    await withEsbuild('cjs', { page: program('page.mjs'), 'nnpack-worker': WORKER }, ...shim);
    writePage('text/javascript');
  },
  async 'bun-build'() {
    const bun = join(import.meta.dirname, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');
    for (const [file, entry] of [
      ['page.js', program('page.mjs')],
      ['nnpack-worker.js', WORKER],
    ]) {
      const flags = ['build', entry, '--target=browser', `--outfile=${join(out, file)}`, '--minify'];
      execFileSync(bun, flags, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    }
    writePage();
  },
  async 'web-worker'() {
    await withEsbuild('esm', {
      page: program('page.mjs'),
      start: program('page-of-worker.mjs'),
      'nnpack-worker': WORKER,
    });
    writeFileSync(join(out, 'index.html'), html('module', 'start.js'));
  },
  /** The script of the workers is missing. */
  async 'worker-missing'() {
    await withEsbuild('esm', { page: program('page.mjs') });
    writePage();
  },
  /** It is another's, who loads and says nothing of ours. */
  async 'worker-foreign'() {
    await withEsbuild('esm', { page: program('page.mjs') });
    writeFileSync(
      join(out, 'nnpack-worker.js'),
      'postMessage("ready"); onmessage = () => postMessage({ word: "started" });',
    );
    writePage();
  },
  /** For engines that load no modules: one script. */
  embedded: () => withEsbuild('iife', { embedded: program('embedded.mjs') }),
  workerd: () => withEsbuild('esm', { workerd: program('workerd.mjs') }),
  /** A bundle of CommonJS for Node, the script of the workers beside it. */
  'node-cjs': () => withEsbuild('cjs', { run: program('run-cjs.mjs'), 'nnpack-worker': WORKER }),
};

await BUNDLERS[name]();
