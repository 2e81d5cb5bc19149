/** Imports go one way only: from a folder to those below it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** From the bottom up. Files beside the folders are entry points and may import all, but those of ROOT, which all may import. */
const ORDER = [
  'check',
  'tensor',
  'maths',
  'wasm',
  'kernels',
  'threads',
  'context',
  'algorithms',
  'dispatch',
  'layers',
  'graph',
  'networks',
  'onnx',
  'tfjs',
  'mxnet',
  'models',
  'onnxruntime',
  'tfjs-backend',
  'testing',
  'cli',
];
/** Of these the script of workers is beside the last one, in the package as in a bundle. */
const ROOT = ['globals.ts', 'errors.ts', 'worker-script.ts'];
/** No adapter may know another. */
const ADAPTERS = ['onnx', 'tfjs', 'mxnet'];
const RUNTIME_PACKAGES: Record<string, string> = { ndarray: 'tensor/ndarray.ts', 'fft.js': 'maths/fft-js.ts' };
/** What those have who use an entry point, by its folder. */
const PEERS: Record<string, string> = {
  'fast-check': 'testing',
  'onnxruntime-common': 'onnxruntime',
  '@tensorflow/tfjs-core': 'tfjs-backend',
  '@tensorflow/tfjs-backend-cpu': 'tfjs-backend',
};

const source = join(import.meta.dirname, '..', 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
);

/** The code of a file: examples in its comments may import what they like. */
function codeOf(file: string): string {
  return readFileSync(join(source, file), 'utf8').replace(/^\s*(\/\*|\*|\/\/).*$/gm, '');
}

function importsOf(file: string): string[] {
  const pattern =
    /(?:import|export)\s[^;]*?from\s+'([^']+)'|import\('([^']+)'\)|import\s+'([^']+)'|require\('([^']+)'\)/g;
  return [...codeOf(file).matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? match[4]);
}

/** The files of the source that a file imports, dynamically too. */
function localImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(source, join(source, dirname(file), target)));
}

/** The first circle that is met from each file, depth first: the way from its first file back to that. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push([...way.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

const folderOf = (file: string): string => (file.includes('/') ? file.split('/')[0] : '');

describe('imports', () => {
  it('sees the whole of src', () => {
    expect(files.length).toBeGreaterThan(40);
    for (const file of files) expect([...ORDER, '', 'types']).toContain(folderOf(file));
  });

  it.each(files.filter((file) => folderOf(file) !== ''))('%s imports only from its own folder and below', (file) => {
    const level = ORDER.indexOf(folderOf(file));
    for (const target of importsOf(file)) {
      if (!target.startsWith('.')) continue;
      const path = relative(source, join(source, dirname(file), target));
      if (ROOT.includes(path)) continue;
      const folder = folderOf(path);
      expect(folder, `${file} imports ${path}, an entry point`).not.toBe('');
      expect(ORDER.indexOf(folder), `${file} imports ${path}`).toBeLessThanOrEqual(level);
      if (ADAPTERS.includes(folder) && ADAPTERS.includes(folderOf(file))) expect(folder).toBe(folderOf(file));
    }
  });

  it.each(files)('%s imports no package but the two of the core, each from its one file', (file) => {
    for (const target of importsOf(file)) {
      if (target.startsWith('.') || target.startsWith('node:') || folderOf(file) === 'cli') continue;
      if (target in PEERS) expect(folderOf(file), `${file} imports ${target}`).toBe(PEERS[target]);
      else expect(RUNTIME_PACKAGES[target], `${file} imports ${target}`).toBe(file);
    }
  });

  it('makes no circle of files, not even of types', () => {
    expect(circles(new Map(files.map((file) => [file, localImportsOf(file)])))).toEqual([]);
  });

  it('sees a circle where there is one', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ]);
    expect(circles(graph)).toEqual([['b', 'c', 'd', 'b']]);
  });

  it('keeps node modules out of what browsers load', () => {
    const allowed = /^(cli\/|check\/model-files|(models|mxnet|onnx|tfjs)\/load)/;
    for (const file of files) {
      const used = [...codeOf(file).matchAll(/import (?!type)[^;]*?from 'node:([^']+)'/g)].map((match) => match[1]);
      if (!allowed.test(file)) expect(used, file).toEqual([]);
    }
  });
});
