/**
 * The weights of a tfjs model. `weightsManifest` lists groups; the files of a group, one after the other, hold its
 * weights in order, little-endian and without gaps:
 *
 *     [{ "paths": ["group1-shard1of2.bin", …], "weights": [{ "name", "shape", "dtype", "quantization"? }, …] }, …]
 *
 * A quantised weight is stored as uint8 or uint16, v = q · scale + min, or as float16.
 */
import { NnpackError, show } from '../errors.ts';
import type { DenseArray } from '../networks/network.ts';
import { Config } from './config.ts';

/** Gives the bytes of one file of the manifest, by its path there. */
export type ReadShard = (path: string) => Uint8Array | Promise<Uint8Array>;

/** How the numbers of one weight are stored: bytes for each, and the number that is stored at a byte. */
interface Encoding {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  float32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  int32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  bool: { bytes: 1, read: (view, at) => view.getUint8(at) },
  float16: { bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  uint16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
};

interface Weight {
  readonly who: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly encoding: Encoding;
}

/** All weights by name, as float32. */
export async function readWeights(manifest: unknown, readShard: ReadShard): Promise<Map<string, DenseArray>> {
  if (!Array.isArray(manifest)) {
    throw new NnpackError('invalid-model', `weightsManifest: expected an array of groups, got ${show(manifest)}`);
  }
  const found = new Map<string, DenseArray>();
  for (let i = 0; i < manifest.length; i++) {
    const group = new Config(`weightsManifest[${i}]`, manifest[i]);
    const weights = group.array('weights').map((entry, j) => weightOf(`${group.who}.weights[${j}]`, entry));
    const bytes = await readShards(group, readShard);
    const expected = weights.reduce((sum, { count, encoding }) => sum + count * encoding.bytes, 0);
    if (bytes.length !== expected) {
      const what = `its files hold ${bytes.length} bytes, expected ${expected} (what its weights take)`;
      throw new NnpackError('invalid-model', `${group.who}: ${what}`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (const { who, name, shape, count, encoding } of weights) {
      if (found.has(name)) throw new NnpackError('invalid-model', `${who}: a second weight named ${show(name)}`);
      const data = new Float32Array(count);
      for (let k = 0; k < count; k++, at += encoding.bytes) data[k] = encoding.read(view, at);
      found.set(name, { data, shape });
    }
  }
  return found;
}

function weightOf(where: string, entry: unknown): Weight {
  const name = new Config(where, entry).string('name');
  const config = new Config(`weight ${show(name)}`, entry);
  const shape = config.array('shape') as readonly number[];
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) config.fail('shape', 'whole numbers');
  const count = shape.reduce((product, size) => product * size, 1);
  return { who: config.who, name, shape, count, encoding: encodingOf(config) };
}

function encodingOf(config: Config): Encoding {
  const dtype = config.string('dtype');
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    config.fail('dtype', "'float32', 'int32' or 'bool'");
  }
  if (!config.has('quantization')) return ENCODINGS[dtype];

  const quantization = config.object('quantization');
  const stored = quantization.string('dtype');
  if (stored === 'float16' && dtype === 'float32') return ENCODINGS.float16;
  if ((stored !== 'uint8' && stored !== 'uint16') || dtype === 'bool') {
    quantization.fail('dtype', `'uint8', 'uint16' or, of float32, 'float16' (the weight is ${dtype})`);
  }
  // v = q · scale + min, and whole numbers rounded
  const scale = quantization.number('scale');
  const min = quantization.number('min');
  const { bytes, read } = ENCODINGS[stored];
  const value = (view: DataView, at: number) => read(view, at) * scale + min;
  return { bytes, read: dtype === 'int32' ? (view, at) => Math.round(value(view, at)) | 0 : value };
}

/** The files of a group, one after the other. */
async function readShards(group: Config, readShard: ReadShard): Promise<Uint8Array> {
  const shards: Uint8Array[] = [];
  for (const path of group.array('paths')) {
    if (typeof path !== 'string') group.fail('paths', 'an array of strings');
    shards.push(await readOneShard(path, readShard));
  }
  if (shards.length === 1) return shards[0];
  const all = new Uint8Array(shards.reduce((sum, shard) => sum + shard.length, 0));
  let at = 0;
  for (const shard of shards) {
    all.set(shard, at);
    at += shard.length;
  }
  return all;
}

async function readOneShard(path: string, readShard: ReadShard): Promise<Uint8Array> {
  let bytes: unknown;
  try {
    bytes = await readShard(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NnpackError('input-output', `weights file ${show(path)} could not be read: ${reason}`, { cause: error });
  }
  if (bytes instanceof Uint8Array) return bytes;
  throw new NnpackError('invalid-model', `weights file ${show(path)}: expected a Uint8Array, got ${show(bytes)}`);
}

/** Half precision: 1 sign, 5 exponent and 10 mantissa bits, (−1)ˢ · 2^(e − 15) · (1 + m / 1024). */
function halfToNumber(half: number): number {
  const sign = half >> 15 === 0 ? 1 : -1;
  const e = (half >> 10) & 31;
  const m = half & 1023;
  if (e === 31) return m === 0 ? sign * Infinity : Number.NaN;
  // the exponent 0 has no leading 1
  return sign * (e === 0 ? 2 ** -14 * (m / 1024) : 2 ** (e - 15) * (1 + m / 1024));
}
