/**
 * The packed package wherever it is to run: npm run test:everywhere -- [NAME …]
 *
 * Each cell of test/everywhere runs the same program in a runtime, or in a page that a bundler made: two convolutions on two
 * threads. Whole numbers must come out as naive sums give them, others with the bits that this Node gives on the same kernels;
 * kernels and threads must be those that the place can have, with a reason for each that is less. A line a cell goes to standard
 * output, everything else to stderr. The bundlers and runtimes are installed from npm in test/everywhere and test/engines, pinned
 * there (x64 on Linux); Chromium and Firefox are Debian's. What cannot be had fails.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Browser, Cell, Found, RunOptions } from '../test/everywhere/cell.ts';
import { EXACT } from '../test/everywhere/expected.ts';
import { PAGES } from '../test/everywhere/pages.ts';
import { RUNTIMES } from '../test/everywhere/runtimes.ts';
import { ISOLATED, PageServer } from '../test/everywhere/server.ts';

/** No cell takes longer, even on a busy machine. */
const CELL_MS = 90_000;
const ROOT = join(import.meta.dirname, '..');
const TOOLS = join(ROOT, 'test/everywhere');
const COMMANDS: Readonly<Record<Browser, string>> = { chromium: 'chromium', firefox: 'firefox-esr' };

const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a command to its end; what it says on stderr is part of its error. */
function run(cwd: string, command: string, args: readonly string[], { environment }: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const clean = { ...process.env, NNPACK_NTHREADS: '', NNPACK_KERNELS: '', NODE_OPTIONS: '', ...environment };
    const child = spawn(command, args, { cwd, env: clean, stdio: ['ignore', 'pipe', 'pipe'], timeout: CELL_MS });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.once('error', (error) => reject(new Error(`${command}: ${error.message}`)));
    child.once('close', (status, signal) => {
      if (status === 0) resolve(stdout.trim());
      else reject(new Error(`${command} ended with ${status ?? signal}: ${(stderr + stdout).trim()}`));
    });
  });
}

/** Everything that is installed once for all cells. */
function install(folder: string): void {
  for (const home of [TOOLS, join(ROOT, 'test/engines')]) {
    if (existsSync(join(home, 'node_modules/.package-lock.json'))) continue;
    note(`installing the tools of ${home}`);
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: home, stdio: ['ignore', 2, 2] });
  }
  note('packing the package');
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const flags = ['--no-audit', '--no-fund', '--omit=peer', '--ignore-scripts', '--prefer-offline'];
  execFileSync('npm', ['install', ...flags, join(folder, archive)], { cwd: folder, stdio: ['ignore', 2, 2] });
  cpSync(join(TOOLS, 'programs'), folder, { recursive: true });
}

function benchOf(folder: string, server: PageServer): Bench {
  const bundles = new Map<string, Promise<string>>();
  const tool = (name: string): string => join(TOOLS, name);
  return {
    folder,
    tools: TOOLS,
    run: (command, args, options) => run(folder, command, args, options),
    async bundle(name) {
      const made = bundles.get(name) ?? run(TOOLS, process.execPath, [tool('bundle.mjs'), name, folder]);
      bundles.set(name, made);
      await made;
    },
    async browse(browser, page) {
      const answer = server.answer();
      const dev = page.endsWith('vite-dev/') ? await viteDev(folder, server, page) : null;
      const url = dev?.url ?? `${server.address}/${page}`;
      const shown = start([tool('browse.mjs'), browser, COMMANDS[browser], url]);
      try {
        const silence = new Promise<never>((_, reject) => {
          setTimeout(() => reject(new Error(`no answer of ${url}: ${shown.said()}`)), CELL_MS).unref();
        });
        const ended = shown.ended.then(() => {
          throw new Error(`the browser ended: ${shown.said()}`);
        });
        return await Promise.race([answer, silence, ended]);
      } finally {
        shown.child.stdin.end();
        dev?.end();
        await shown.ended.catch(() => {});
      }
    },
  };
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, args, { cwd: TOOLS, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { child, ended, said: () => said };
}

async function viteDev(folder: string, server: PageServer, page: string) {
  const headers = page.startsWith('plain') ? {} : ISOLATED;
  const cache = join(folder, `cache-${page.split('/')[0]}`);
  const { child, ended, said } = start([
    join(TOOLS, 'vite-dev.mjs'),
    folder,
    server.address,
    cache,
    JSON.stringify(headers),
  ]);
  const url = await Promise.race([
    new Promise<string>((resolve) => child.stdout.once('data', (line) => resolve(`${line}`.trim()))),
    ended.then(() => Promise.reject(new Error(`Vite ended: ${said()}`))),
  ]);
  return { url, end: () => child.stdin.end() };
}

/** What this Node finds with each kernel table: the bits that all others must have. */
async function roundedHere({ run }: Bench): Promise<Readonly<Record<string, string>>> {
  const found = ['simd', 'scalar'].map(async (kernels): Promise<[string, string]> => {
    const text = await run(process.execPath, ['run.mjs', JSON.stringify({ kernels, threads: 1 })]);
    return [kernels, (JSON.parse(text) as Found).rounded];
  });
  return Object.fromEntries(await Promise.all(found));
}

/** What is not as it must be. */
function faults(cell: Cell, found: Found, rounded: Readonly<Record<string, string>>): string[] {
  const wrong: string[] = [];
  const expect = (what: string, got: unknown, expected: unknown): void => {
    if (got !== expected) wrong.push(`${what} is ${got}, expected ${expected}`);
  };
  expect('kernels', found.kernels, cell.kernels);
  expect('threads', found.threads, cell.threads);
  expect('the sums of whole numbers', found.exact, EXACT);
  expect('the bits of rounded sums', found.rounded, rounded[found.kernels]);
  const isSaid =
    cell.reasons.length === found.reasons.length && cell.reasons.every((text, i) => text.test(found.reasons[i]));
  if (!isSaid || /undefined/.test(String(found.reasons))) {
    wrong.push(`reasons are ${JSON.stringify(found.reasons)}, expected ${cell.reasons.join(', ') || 'none'}`);
  }
  return wrong;
}

async function tried(cell: Cell, bench: Bench, rounded: Readonly<Record<string, string>>): Promise<string[]> {
  let text = '';
  try {
    text = await cell.run(bench);
    const found: Found = JSON.parse(text.split('\n').at(-1)!);
    const wrong = faults(cell, found, rounded);
    if (wrong.length === 0) console.log(`${cell.name} kernels=${found.kernels} threads=${found.threads} ok`);
    return wrong;
  } catch (error) {
    return [error instanceof SyntaxError ? `it printed ${text.slice(0, 2000)}` : (error as Error).message];
  }
}

const CELLS = [...RUNTIMES, ...PAGES];
const names = process.argv.slice(2).filter((argument) => argument !== '--');
const unknown = names.filter((name) => !CELLS.some((cell) => cell.name === name));
if (unknown.length > 0) {
  note(`no cell is called ${unknown.join(', ')}; there are ${CELLS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-everywhere-'));
let failures = 0;
try {
  install(folder);
  const server = await PageServer.of(folder);
  const bench = benchOf(folder, server);
  const rounded = await roundedHere(bench);
  for (const cell of CELLS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const began = performance.now();
    for (const fault of await tried(cell, bench, rounded)) {
      failures++;
      note(`${cell.name}: ${fault}`);
    }
    note(`${cell.name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  server.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
