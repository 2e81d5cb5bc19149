/**
 * The weights of a tfjs model. `weightsManifest` lists groups; the files of a group, one after the other, hold its
 * weights in order, little-endian and without gaps:
 *
 *     [{ "paths": ["group1-shard1of2.bin", …], "weights": [{ "name", "shape", "dtype", "quantization"? }, …] }, …]
 *
 * A quantised weight is stored as uint8 or uint16, v = q · scale + min, or as float16.
 *
 * A manifest is not believed: what its weights take is held against what its files have, before anything is made of
 * either, and each file is asked for once.
 */
import { textOf } from '../check/options.ts';
import {
  type Bytes,
  floatReader,
  IS_LITTLE_ENDIAN,
  isBytes,
  isStoredBytes,
  joined,
  LEAST_STORED,
  partOf,
  type StoredBytes,
} from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import { storedArray, withNumbersOf } from '../graph/stored.ts';
import { decodeHalf } from '../maths/half.ts';
import type { DenseArray } from '../networks/network.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import { Config } from './config.ts';
import { newBytes, newElements } from './memory.ts';
import { MOST_AXES } from './orders.ts';

/** Gives the bytes of one file of the manifest, by its path there. */
export type ReadShard = (path: string) => Uint8Array | Promise<Uint8Array>;

/** The same from a disk, where the files of a large model are read only when a number of them is needed. */
export type ReadBytes = (path: string) => Bytes | Promise<Bytes>;

/** @throws NnpackError unless a caller's function is one */
export function expectReadShard(who: string, readShard: unknown): void {
  if (typeof readShard === 'function') return;
  throw new NnpackError('invalid-argument', `${who}: readShard is ${show(readShard)}, expected a function`);
}

/** How the numbers of one weight are stored: bytes for each, and the number that is stored at a byte. */
interface Encoding {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

const ENCODINGS = {
  float32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  int32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  bool: { bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  float16: { bytes: 2, read: (view, at) => decodeHalf(view.getUint16(at, true), 'binary16') },
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  uint16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
} as const satisfies Readonly<Record<string, Encoding>>;

/** The types of weights that are read; quantised ones have that which they had before. */
export type WeightDtype = 'float32' | 'int32' | 'bool';

interface Weight {
  readonly who: string;
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  readonly count: number;
  readonly encoding: Encoding;
}

/** Files that together hold some weights. */
export interface WeightGroup {
  readonly who: string;
  readonly paths: readonly string[];
  readonly weights: readonly Weight[];
  /** What the weights take. */
  readonly bytes: number;
}

/** The groups of a manifest; no two weights have one name, and no path stands there twice. */
export function parseManifest(manifest: unknown): WeightGroup[] {
  if (!Array.isArray(manifest)) {
    throw new NnpackError('invalid-model', `weightsManifest: expected an array of groups, got ${show(manifest)}`);
  }
  const names = new Set<string>();
  const files = new Set<string>();
  return Array.from(manifest, (entry: unknown, i) => {
    const group = new Config(`weightsManifest[${i}]`, entry);
    const weights = group.array('weights').map((weight, j) => weightOf(`${group.who}.weights[${j}]`, weight));
    for (const { who, name } of weights) {
      if (names.has(name)) throw new NnpackError('invalid-model', `${who}: a second weight named ${show(name)}`);
      names.add(name);
    }
    const paths = group.array('paths').map((path) => {
      if (typeof path !== 'string') return group.fail('paths', 'an array of strings');
      if (files.has(path)) {
        throw new NnpackError('invalid-model', `${group.who}: lists ${show(path)} again, expected each file once`);
      }
      files.add(path);
      return path;
    });
    const bytes = weights.reduce((sum, { count, encoding }) => sum + count * encoding.bytes, 0);
    return { who: group.who, paths, weights, bytes };
  });
}

/** A weight with the numbers of its type: bool as 0 and 1. */
export interface StoredWeight {
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** All weights by name, as float32. */
export async function readWeights(
  groups: readonly WeightGroup[],
  readShard: ReadBytes,
): Promise<Map<string, DenseArray>> {
  const stored = await readStoredWeights(groups, readShard);
  const floats = (weight: StoredWeight): DenseArray => {
    const { dtype, shape } = weight;
    if (dtype === 'float32') return withNumbersOf(weight as StoredWeight & DenseArray, { shape });
    return { data: Float32Array.from(weight.data), shape };
  };
  return new Map([...stored].map(([name, weight]) => [name, floats(weight)]));
}

/** All weights by name, each of its own type. */
export async function readStoredWeights(
  groups: readonly WeightGroup[],
  readShard: ReadBytes,
): Promise<Map<string, StoredWeight>> {
  const found = new Map<string, StoredWeight>();
  for (const group of groups) {
    const shards = await readShards(group, readShard);
    const run = shards.some(isStoredBytes) ? new StoredRun(shards) : new ByteRun(shards as Uint8Array[]);
    for (const weight of group.weights) found.set(weight.name, readWeight(weight, run));
  }
  return found;
}

function readWeight({ who, dtype, shape, count, encoding }: Weight, run: ByteRun | StoredRun): StoredWeight {
  const length = count * encoding.bytes;
  const isHeldSo = encoding === ENCODINGS.float32 && IS_LITTLE_ENDIAN;
  if (isHeldSo && run instanceof StoredRun && length >= LEAST_STORED) {
    return withNumbersOf(storedArray(shape, floatReader(run.pass(length))), { dtype, shape });
  }
  const bytes = run.take(who, length);
  const data = isHeldSo ? new Float32Array(bytes.buffer) : newElements(who, dtype, count);
  const view = new DataView(bytes.buffer);
  if (!isHeldSo) for (let k = 0, at = 0; k < count; k++, at += encoding.bytes) data[k] = encoding.read(view, at);
  return { dtype, shape, data };
}

/** @throws NnpackError unless the files of a group hold what its weights take */
export function expectBytes({ who, bytes }: WeightGroup, held: number): void {
  if (held === bytes) return;
  const what = `its files hold ${held} bytes, expected ${bytes} (what its weights take)`;
  throw new NnpackError('invalid-model', `${who}: ${what}`);
}

function weightOf(where: string, entry: unknown): Weight {
  const name = new Config(where, entry).string('name');
  const config = new Config(`weight ${show(name)}`, entry);
  const shape = config.array('shape') as readonly number[];
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) config.fail('shape', 'whole numbers');
  if (shape.length > MOST_AXES) config.fail('shape', `at most ${MOST_AXES} sizes`);
  const count = sizeOf(shape);
  if (!(count <= MAX_ELEMENTS)) config.fail('shape', `at most ${MAX_ELEMENTS} elements`);
  const dtype = dtypeOf(config);
  return { who: config.who, name, dtype, shape, count, encoding: encodingOf(config, dtype) };
}

function dtypeOf(config: Config): WeightDtype {
  const dtype = config.string('dtype');
  const expected = "'float32', 'int32' or 'bool'";
  // tfjs has these two, and no layer that we know has such a weight
  if (dtype === 'string' || dtype === 'complex64') config.unsupported('dtype', expected);
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') return config.fail('dtype', expected);
  return dtype;
}

function encodingOf(config: Config, dtype: WeightDtype): Encoding {
  if (!config.has('quantization')) return ENCODINGS[dtype];

  const quantization = config.object('quantization');
  const stored = quantization.string('dtype');
  if (stored === 'float16' && dtype === 'float32') return ENCODINGS.float16;
  if ((stored !== 'uint8' && stored !== 'uint16') || dtype === 'bool') {
    return quantization.fail('dtype', `'uint8', 'uint16' or, of float32, 'float16' (the weight is ${dtype})`);
  }
  // v = q · scale + min, and whole numbers rounded
  const scale = quantization.number('scale');
  const min = quantization.number('min');
  const { bytes, read } = ENCODINGS[stored];
  const value = (view: DataView, at: number) => read(view, at) * scale + min;
  return { bytes, read: dtype === 'int32' ? (view, at) => Math.round(value(view, at)) | 0 : value };
}

/** The files of a group; no further one is asked for once there are more bytes than its weights take. */
async function readShards(group: WeightGroup, readShard: ReadBytes): Promise<Bytes[]> {
  const shards: Bytes[] = [];
  let held = 0;
  for (const path of group.paths) {
    const shard = await readOneShard(path, readShard);
    held += shard.length;
    if (held > group.bytes) expectBytes(group, held);
    shards.push(shard);
  }
  expectBytes(group, held);
  return shards;
}

async function readOneShard(path: string, readShard: ReadBytes): Promise<Bytes> {
  let bytes: unknown;
  try {
    bytes = await readShard(path);
  } catch (error) {
    throw shardError(path, error);
  }
  if (isBytes(bytes)) return bytes;
  throw new NnpackError('invalid-model', `weights file ${show(path)}: expected a Uint8Array, got ${show(bytes)}`);
}

/** The error of a file that could not be read, with its path in the manifest. */
export function shardError(path: string, error: unknown): NnpackError {
  const what = `weights file ${show(path)} could not be read: ${textOf(error)}`;
  return new NnpackError('input-output', what, { cause: error });
}

/** The files of a group as one run of bytes, which no single buffer holds. */
class ByteRun {
  /** Those that were read are given back to memory. */
  readonly #shards: Uint8Array[];
  #shard = 0;
  /** In the current shard. */
  #at = 0;

  constructor(shards: readonly Uint8Array[]) {
    this.#shards = [...shards];
  }

  /** A copy of the next bytes of the run. */
  take(who: string, count: number): Uint8Array<ArrayBuffer> {
    const copy = newBytes(who, count);
    for (let at = 0; at < count; ) {
      const part = this.#next(count - at);
      copy.set(part, at);
      at += part.length;
    }
    return copy;
  }

  /** Up to so many bytes, from one file; at least one, as long as there are any. */
  #next(most: number): Uint8Array {
    while (this.#shard < this.#shards.length && this.#at === this.#shards[this.#shard].length) {
      this.#shards[this.#shard++] = NOTHING;
      this.#at = 0;
    }
    if (this.#shard === this.#shards.length) return NOTHING;
    const shard = this.#shards[this.#shard];
    const count = Math.min(most, shard.length - this.#at);
    const part = new Uint8Array(shard.buffer, shard.byteOffset + this.#at, count);
    this.#at += count;
    return part;
  }
}

/** The same where the bytes are read when they are needed. */
class StoredRun {
  readonly #bytes: StoredBytes;
  #at = 0;

  constructor(shards: readonly Bytes[]) {
    this.#bytes = joined(shards);
  }

  /** Where the next bytes of the run lie. */
  pass(count: number): StoredBytes {
    this.#at += count;
    return partOf(this.#bytes, this.#at - count, count);
  }

  take(who: string, count: number): Uint8Array<ArrayBuffer> {
    const copy = newBytes(who, count);
    this.pass(count).readInto(copy, 0);
    return copy;
  }
}

const NOTHING = new Uint8Array(0);
