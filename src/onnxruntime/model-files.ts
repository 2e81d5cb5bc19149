/** The model of a session, from a path, a URL or bytes, with the files of numbers that belong to it. */
import type { ExternalDataFileDescription, FileType } from 'onnxruntime-common';
import { isUint8Array } from '../check/arrays.ts';
import { allocated } from '../check/memory.ts';
import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { sourceOfFile } from '../models/parse-model.ts';
import type { ModelSource } from '../models/source.ts';
import { hasDisk } from '../threads/runtime.ts';

/** The name of a model that has none. */
const BYTES = '(bytes)';

/**
 * Reads a model. Bytes of a caller are copied: a session keeps its weights where the file has them, and a program may write
 * over the file once the session is made.
 */
export async function readSource(
  who: string,
  model: string | Uint8Array,
  externalData: readonly ExternalDataFileDescription[],
): Promise<ModelSource> {
  const source = await sourceOf(who, model, externalData);
  if (source.format === 'onnx') return source;
  const text = `model ${show(source.file)} is a ${source.format}, expected ONNX (nnpack-ts/models reads it)`;
  throw new NnpackError('unsupported-layer', `${who}: ${text}`);
}

async function sourceOf(who: string, model: string | Uint8Array, externalData: readonly ExternalDataFileDescription[]) {
  if (typeof model === 'string' && isOnDisk(model) && externalData.length === 0) {
    const { loadSource } = await import('../models/load.ts');
    return loadSource(model);
  }
  const name = typeof model === 'string' ? model : BYTES;
  const bytes = await bytesOf(`${who}: model ${show(name)}`, model);
  const files = await Promise.all(
    externalData.map(async ({ path, data }): Promise<[string, Uint8Array]> => {
      return [path.replace(/^(?:\.\/)+/, ''), await bytesOf(`${who}: externalData ${show(path)}`, data)];
    }),
  );
  return sourceOfFile({ name, bytes }, new Map(files));
}

/** Two letters before the colon: one is a drive. */
function isOnDisk(path: string): boolean {
  return hasDisk() && !/^[a-z][a-z\d+.-]+:/i.test(path);
}

async function bytesOf(who: string, file: FileType): Promise<Uint8Array> {
  if (typeof file === 'string') return isOnDisk(file) ? fromDisk(who, file) : fetched(who, file);
  if (isUint8Array(file)) return copied(who, file);
  if (isBuffer(file)) return copied(who, new Uint8Array(file));
  if (isBlob(file)) return gotten(who, () => file.arrayBuffer());
  throw new NnpackError('invalid-argument', `${who} is ${show(file)}, expected a path, a URL, a Blob or bytes`);
}

function copied(who: string, bytes: Uint8Array): Uint8Array {
  return allocated(who, `a copy of ${bytes.length} bytes`, () => {
    // `slice` of a Buffer would be no copy.
    const copy = new Uint8Array(bytes.length);
    copy.set(bytes);
    return copy;
  });
}

async function fromDisk(who: string, path: string): Promise<Uint8Array> {
  const { loadBytes } = await import('../models/load.ts');
  return loadBytes(who, path);
}

function fetched(who: string, url: string): Promise<Uint8Array> {
  return gotten(who, async () => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the answer has status ${response.status}`);
    return response.arrayBuffer();
  });
}

async function gotten(who: string, get: () => Promise<ArrayBuffer>): Promise<Uint8Array> {
  try {
    return new Uint8Array(await get());
  } catch (error) {
    throw new NnpackError('input-output', `${who} could not be fetched: ${textOf(error)}`, { cause: error });
  }
}

const byteLengthGetters = [ArrayBuffer, globalThis.SharedArrayBuffer]
  .filter((type) => type !== undefined)
  .map((type) => Object.getOwnPropertyDescriptor(type.prototype, 'byteLength')?.get as (this: unknown) => number);

/** An ArrayBuffer or SharedArrayBuffer of any realm: the length of everything else cannot be read. */
export function isBuffer(value: unknown): value is ArrayBufferLike {
  return byteLengthGetters.some((getter) => {
    try {
      getter.call(value);
      return true;
    } catch {
      return false;
    }
  });
}

function isBlob(value: unknown): value is Blob {
  try {
    return typeof (value as Blob | null | undefined)?.arrayBuffer === 'function';
  } catch {
    return false;
  }
}
