/** What is loaded when: help and what is refused wait for no kernels, and a model waits for no other format's reader. */
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const { inputs } = (
  await build({
    ...{ entryPoints: ['dist/cli/main.js', 'dist/models/index.js'], bundle: true, packages: 'external' },
    ...{ splitting: true, outdir: 'out', write: false, metafile: true, format: 'esm', platform: 'node' },
  })
).metafile;

function importsOf(file: string, kind: 'import-statement' | 'dynamic-import'): string[] {
  return inputs[file].imports.filter((one) => one.kind === kind && !one.external).map(({ path }) => path);
}

/** The files that one cannot be loaded without; those that it asks for later are not among them. */
function loadedWith(entry: string): string[] {
  const loaded = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    waiting.push(...importsOf(file, 'import-statement'));
  }
  return [...loaded];
}

const foldersOf = (files: readonly string[]) => new Set(files.map((file) => file.slice(0, file.lastIndexOf('/'))));
const commands = importsOf('dist/cli/main.js', 'dynamic-import');

describe('what is loaded', () => {
  it.each(['dist/cli/main.js', ...commands])('with %s is its help and what checks its arguments', (command) => {
    const folders = foldersOf(loadedWith(command));
    expect(folders).toContain('dist/cli');
    for (const heavy of ['kernels/simd', 'context', 'layers', 'graph', 'networks', 'models']) {
      expect(folders).not.toContain(`dist/${heavy}`);
    }
  });

  it.each(['models/index', 'models/load', 'cli/model'])('with %s is the reader of no format', (entry) => {
    const [all, loaded] = [Object.keys(inputs), loadedWith(`dist/${entry}.js`)].map(foldersOf);
    for (const reader of ['onnx', 'mxnet', 'tfjs']) {
      expect(all).toContain(`dist/${reader}`);
      expect(loaded).not.toContain(`dist/${reader}`);
    }
  });

  it('finds the commands', () => expect(commands).toContain('dist/cli/run/command.js'));
});
