import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadMxnetFiles } from '../../src/mxnet/load-files.ts';
import { rejection } from '../support/failure.ts';
import { symbolOf } from './symbols.ts';
import { bytesOf, paramsBytes } from './writer.ts';

let root: string;
let symbolPath: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nnpack-mxnet-'));
  await mkdir(join(root, 'model'));
  symbolPath = join(root, 'model', 'net-symbol.json');
  await writeFile(symbolPath, JSON.stringify(symbolOf('1.0')));
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** A file whose one array has its epoch as its element. */
function paramsOf(epoch: number): Uint8Array {
  const elements = bytesOf(Float32Array.of(epoch));
  return paramsBytes([{ name: 'arg:conv_bias', form: 2, shape: [1], type: 0, elements }]);
}

async function write(name: string, epoch: number): Promise<string> {
  const path = join(root, 'model', name);
  await writeFile(path, paramsOf(epoch));
  return path;
}

const epochOf = async (path = symbolPath, params?: string) =>
  (await loadMxnetFiles(path, params)).arrays.get('conv_bias')?.data[0];

const errorOf = (...given: Parameters<typeof loadMxnetFiles>) => rejection(loadMxnetFiles(...given));

describe('loadMxnetFiles', () => {
  it('reads the symbol, and the parameters of the greatest number beside it', async () => {
    for (const epoch of [3, 20, 9999]) await write(`net-${`${epoch}`.padStart(4, '0')}.params`, epoch);
    expect(await epochOf()).toBe(9999);
    expect((await loadMxnetFiles(symbolPath)).symbol.nodes).toHaveLength(6);
    await write('net-10000.params', 10000);
    for (const name of [
      'net-99999.param',
      'net-999.params',
      'net-x-99999.params',
      'et-99999.params',
      'net-99999.params.bak',
    ]) {
      await write(name, 0);
    }
    expect(await epochOf()).toBe(10000);
  });

  it('reads the parameters that are told, wherever they are', async () => {
    await write('net-0009.params', 9);
    const other = join(root, 'any.bin');
    await writeFile(other, paramsOf(5));
    expect(await epochOf(symbolPath, other)).toBe(5);
    const plain = join(root, 'symbol.json');
    await writeFile(plain, JSON.stringify(symbolOf('0.8')));
    expect(await epochOf(plain, other)).toBe(5);
    const error = await errorOf(plain);
    expect(error.code).toBe('invalid-argument');
    expect(error.message).toMatch(
      /^loadMxnetFiles: path is .*, expected one that ends in -symbol\.json, or the path of the/,
    );
  });

  it('says which file is broken or missing', async () => {
    const none = await errorOf(symbolPath);
    expect(none.code).toBe('input-output');
    expect(none.message).toMatch(/: no 'net-0000\.params' or later beside it$/);
    const params = await write('net-0001.params', 1);
    await writeFile(params, 'abc');
    const broken = await errorOf(symbolPath);
    expect(broken.code).toBe('invalid-model');
    expect(broken.message).toMatch(/^model '.*: parameters: is no file of MXNet parameters$/);
    await writeFile(symbolPath, '{');
    expect((await errorOf(symbolPath)).message).toMatch(/^model '.*: symbol: is no JSON/);
    expect((await errorOf(join(root, 'no-symbol.json'))).code).toBe('input-output');
    expect((await errorOf(7 as unknown as string)).code).toBe('invalid-argument');
    expect((await errorOf(symbolPath, null as unknown as string)).code).toBe('invalid-argument');
  });

  it('reads regular files alone, and no link that leads out of the folder', async () => {
    const outside = join(root, 'outside.params');
    await writeFile(outside, paramsOf(6));
    await symlink(outside, join(root, 'model', 'net-0002.params'));
    const link = await errorOf(symbolPath);
    expect(link.code).toBe('input-output');
    expect(link.message).toMatch(/ is a link to another folder, expected a file beside the symbol$/);
    const real = await write('real.params', 7);
    await symlink(real, join(root, 'model', 'net-0003.params'));
    expect(await epochOf()).toBe(7);
    await mkdir(join(root, 'model', 'net-0004.params'));
    expect((await errorOf(symbolPath)).message).toMatch(/could not be read: it is a folder, expected a regular file$/);
    if (process.platform === 'win32') return;
    const pipe = join(root, 'model', 'net-0005.params');
    execFileSync('mkfifo', [pipe]);
    expect((await errorOf(symbolPath)).message).toMatch(/could not be read: it is a pipe, expected a regular file$/);
    expect((await errorOf(symbolPath, '/dev/zero')).code).toBe('input-output');
    expect((await errorOf(pipe, real)).code).toBe('input-output');
  });
});
