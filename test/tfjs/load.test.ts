/** Model files as an attacker writes them: every file is small, sparse, or never opened. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { refusePath } from '../../src/check/model-files.ts';
import { loadLayersModel } from '../../src/tfjs/load.ts';
import { rejection } from '../support/failure.ts';
import { modelFolder } from '../support/model-folder.ts';

const isWindows = process.platform === 'win32';
const { at, beside } = modelFolder();

/** A Dense layer of 3 inputs and `units` outputs without bias: 12 bytes each. */
function denseModel(paths: unknown, units = 1): string {
  const config = { name: 'd', units, use_bias: false, batch_input_shape: [null, 3] };
  return JSON.stringify({
    modelTopology: { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config }] } },
    weightsManifest: [{ paths, weights: [{ name: 'd/kernel', shape: [3, units], dtype: 'float32' }] }],
  });
}

const WEIGHTS = new Uint8Array(Float32Array.of(1, 2, 3).buffer);

async function load(paths: unknown, units?: number) {
  writeFileSync(at('model.json'), denseModel(paths, units));
  return loadLayersModel(at('model.json'));
}

describe('the files of a model', () => {
  it('lie beside it, in folders below, or behind links that stay inside', async () => {
    writeFileSync(at('whole.bin'), WEIGHTS);
    mkdirSync(at('sub'));
    writeFileSync(at('sub/..a.bin'), WEIGHTS.subarray(0, 5));
    writeFileSync(at('__proto__'), WEIGHTS.subarray(5));
    for (const paths of [['whole.bin'], ['./whole.bin'], ['sub/../whole.bin'], ['sub/..a.bin', '__proto__']]) {
      const [node] = (await load(paths)).nodes;
      expect(node).toMatchObject({ kernel: { data: Float32Array.of(1, 2, 3) } });
    }
  });

  it.skipIf(isWindows)('may be links inside the folder, which itself may be behind one', async () => {
    writeFileSync(at('whole.bin'), WEIGHTS);
    symlinkSync('whole.bin', at('link.bin'));
    expect((await load(['link.bin'])).nodes).toHaveLength(1);
    symlinkSync(at(), beside('here'));
    expect((await loadLayersModel(beside('here', 'model.json'))).nodes).toHaveLength(1);
  });

  it.each([
    ['../outside.bin', "it lies outside of the model's folder, expected one inside"],
    ['sub/../../outside.bin', "it lies outside of the model's folder, expected one inside"],
    ['..', "it lies outside of the model's folder, expected one inside"],
    ['../model-2/x.bin', "it lies outside of the model's folder, expected one inside"],
    ['../none.bin', "it lies outside of the model's folder, expected one inside"],
    ['/dev/zero', "it is absolute, expected a path inside the model's folder"],
    ['file:///dev/zero', "it is a URL, expected a path inside the model's folder"],
    ['https://localhost/x.bin', "it is a URL, expected a path inside the model's folder"],
    ['', 'it has no name'],
    ['.', 'it is a folder, expected a regular file'],
  ])('are not at %j', async (path, reason) => {
    writeFileSync(beside('outside.bin'), WEIGHTS);
    mkdirSync(beside('model-2'));
    writeFileSync(beside('model-2', 'x.bin'), WEIGHTS);
    const error = await rejection(load([path]));
    expect(error.message).toBe(`weights file '${path}' could not be read: ${reason}`);
    expect(error.code).toBe('input-output');
  });

  it('are named without drives and backslashes on Windows, where elsewhere they are letters like others', () => {
    for (const path of ['..\\x.bin', 'C:x.bin', 'C:/x.bin', '\\\\host\\x.bin', 'x.bin:stream']) {
      expect(refusePath(path, true)).toBe('it has a backslash or a colon, expected slashes alone');
      expect(refusePath(path, false)).toBeNull();
    }
    expect(refusePath('sub/group1-shard1of1.bin', true)).toBeNull();
  });

  it('have no NUL in their names', async () => {
    expect((await rejection(load(['a\0.bin']))).code).toBe('input-output');
  });

  it.skipIf(isWindows)('are not behind a link that leads out', async () => {
    writeFileSync(beside('outside.bin'), WEIGHTS);
    symlinkSync('../outside.bin', at('link.bin'));
    symlinkSync('..', at('up'));
    symlinkSync('/dev/zero', at('zero.bin'));
    const reason = "it is a link to a file outside of the model's folder, expected one inside";
    for (const path of ['link.bin', 'up/outside.bin']) {
      expect((await rejection(load([path]))).message).toBe(`weights file '${path}' could not be read: ${reason}`);
    }
    const device = await rejection(load(['zero.bin']));
    expect(device.message).toBe("weights file 'zero.bin' could not be read: it is a device, expected a regular file");
    symlinkSync('loop.bin', at('loop.bin'));
    expect((await rejection(load(['loop.bin']))).code).toBe('input-output');
  });

  it.skipIf(isWindows)('are no pipes, sockets or folders, nor is model.json', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    mkdirSync(at('folder'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
    try {
      for (const [path, kind] of [
        ['pipe', 'a pipe'],
        ['folder', 'a folder'],
        ['socket', 'a socket'],
      ]) {
        const reason = `could not be read: it is ${kind}, expected a regular file`;
        const shard = await rejection(load([path]));
        expect([shard.code, shard.message]).toEqual(['input-output', `weights file '${path}' ${reason}`]);
        const model = await rejection(loadLayersModel(at(path)));
        expect(model.code).toBe('input-output');
        expect(model.message).toContain(reason);
      }
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    const device = await rejection(loadLayersModel('/dev/zero'));
    expect(device.message).toBe("model '/dev/zero' could not be read: it is a device, expected a regular file");
  });

  it('are listed once, whatever the name', async () => {
    writeFileSync(at('w.bin'), WEIGHTS);
    const again = await rejection(load(new Array(300).fill('w.bin'), 300));
    expect(again.message).toBe("weightsManifest[0]: lists 'w.bin' again, expected each file once");
    const other = await rejection(load(['w.bin', './w.bin'], 2));
    expect(other.message).toBe("weightsManifest[0]: lists 'w.bin' again as './w.bin', expected each file once");
    expect([again.code, other.code]).toEqual(['invalid-model', 'invalid-model']);
  });

  it('have their sizes compared before one is read', async () => {
    // sparse: they hold 10 GB, and take nothing
    for (const name of ['a.bin', 'b.bin']) {
      writeFileSync(at(name), '');
      truncateSync(at(name), 5e9);
    }
    const before = process.memoryUsage().rss;
    const error = await rejection(load(['a.bin', 'b.bin']));
    expect(error.message).toBe(
      'weightsManifest[0]: its files hold 10000000000 bytes, expected 12 (what its weights take)',
    );
    expect(error.code).toBe('invalid-model');
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
  });

  it('is no model.json of any size', async () => {
    writeFileSync(at('model.json'), '');
    truncateSync(at('model.json'), 2 ** 26 + 1);
    const error = await rejection(loadLayersModel(at('model.json')));
    expect(error.message).toContain('it has 67108865 bytes, expected at most 67108864 (weights lie in other files)');
    expect(error.code).toBe('input-output');
  });

  it('may be missing', async () => {
    const error = await rejection(load(['none.bin']));
    expect(error.code).toBe('input-output');
    expect(error.message).toMatch(/^weights file 'none.bin' could not be read: ENOENT/);
  });

  it('are found by a path that is a string', async () => {
    for (const path of [undefined, null, 3, {}, [], Symbol('x')] as unknown[]) {
      expect((await rejection(loadLayersModel(path as string))).code).toBe('invalid-argument');
    }
    for (const path of ['', 'a\0b']) expect((await rejection(loadLayersModel(path))).code).toBe('input-output');
  });

  it('is named where what it holds is refused', async () => {
    writeFileSync(at('model.json'), '{}');
    const error = await rejection(loadLayersModel(at('model.json')));
    expect(error.message).toMatch(/^model '.*': modelTopology: expected an object, got undefined$/);
  });
});
