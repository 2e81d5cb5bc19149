/**
 * Reading the two files of an MXNet model from disk, in Node: NAME-symbol.json, and NAME-NNNN.params beside it.
 *
 * A model may come from anywhere. What is read is a regular file, as long as it was when it was looked at: never a pipe
 * that waits for ever, or a device without an end.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { parseParams } from './params.ts';
import type { StoredArray } from './stored-array.ts';
import { MOST_SYMBOL_CHARACTERS, type MxnetSymbol, parseSymbol } from './symbol.ts';

/** What the files of a model hold, before anything is made of it. */
export interface MxnetFiles {
  readonly symbol: MxnetSymbol;
  /** By the names of variables. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
}

const SYMBOL_ENDING = '-symbol.json';

/**
 * @param path of NAME-symbol.json
 * @param params path of the file of parameters; without it that of the greatest number beside the symbol is read
 * @throws NnpackError 'input-output' for a file that is not there or cannot be read, and what the two parsers throw
 * @example
 * const { symbol, arrays } = await loadMxnetFiles('resnet-symbol.json');
 */
export async function loadMxnetFiles(path: string, params?: string): Promise<MxnetFiles> {
  if (typeof path !== 'string') fail('path', path);
  if (params !== undefined && typeof params !== 'string') fail('params', params);
  const text = await readText(path);
  const symbol = within(`model ${show(path)}`, () => parseSymbol(text));
  const arraysPath = params ?? (await newestParams(path));
  const bytes = await readRegular(arraysPath, Number.POSITIVE_INFINITY);
  return { symbol, arrays: within(`model ${show(arraysPath)}`, () => parseParams(bytes)) };
}

async function readText(path: string): Promise<string> {
  const bytes = await readRegular(path, MOST_SYMBOL_CHARACTERS);
  return new TextDecoder().decode(bytes);
}

/** The file NAME-NNNN.params of the greatest number, which must lie where its name does. */
async function newestParams(path: string): Promise<string> {
  const name = basename(path);
  if (!name.endsWith(SYMBOL_ENDING)) {
    const what = `path is ${show(path)}, expected one that ends in ${SYMBOL_ENDING}, or the path of the parameters`;
    throw new NnpackError('invalid-argument', `loadMxnetFiles: ${what}`);
  }
  const start = `${name.slice(0, -SYMBOL_ENDING.length)}-`;
  const folder = dirname(path);
  const found = newestOf(start, await reading(folder, () => readdir(folder)));
  if (found === undefined) {
    throw new NnpackError('input-output', `model ${show(path)}: no ${show(`${start}0000.params`)} or later beside it`);
  }
  const place = join(folder, found);
  const [real, realFolder] = await reading(place, () => Promise.all([realpath(place), realpath(folder)]));
  if (dirname(real) === realFolder) return place;
  throw new NnpackError(
    'input-output',
    `file ${show(place)} is a link to another folder, expected a file beside the symbol`,
  );
}

/** The name with the greatest number between `start` and `.params`. */
function newestOf(start: string, names: readonly string[]): string | undefined {
  let newest: { readonly name: string; readonly number: bigint } | undefined;
  for (const name of [...names].sort()) {
    const [, digits] = name.startsWith(start) ? (/^(\d{4,})\.params$/.exec(name.slice(start.length)) ?? []) : [];
    if (digits === undefined) continue;
    const number = BigInt(digits);
    if (newest === undefined || number > newest.number) newest = { name, number };
  }
  return newest?.name;
}

/** The bytes of a file of at most so many, of which there must be as many as there were. */
async function readRegular(path: string, most: number): Promise<Uint8Array> {
  return reading(path, async () => {
    const real = await realpath(path);
    // nothing is opened before it is known to be a file: opening alone may wait, or wind a tape
    const before = await stat(real);
    expectRegular(before);
    if (before.size > most) throw new Error(`it has ${before.size} bytes, expected at most ${most}`);
    // Between the look and this, another file may have come to that name. Windows has neither flag.
    const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
    const file = await open(real, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    try {
      const stats = await file.stat();
      expectRegular(stats);
      if (stats.size !== before.size) throw new Error(`it has ${stats.size} bytes now, and had ${before.size}`);
      return await readBytes(file, new Uint8Array(stats.size));
    } finally {
      await file.close();
    }
  });
}

function expectRegular(stats: Stats): void {
  if (!stats.isFile())
    throw new Error(`it is ${stats.isDirectory() ? 'a folder' : 'a device'}, expected a regular file`);
}

async function readBytes(file: FileHandle, into: Uint8Array): Promise<Uint8Array> {
  // one read takes less than 2³¹ bytes
  const most = 2 ** 30;
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, Math.min(most, into.length - at), at);
    if (bytesRead === 0) throw new Error(`it ends after ${at} bytes, and had ${into.length}`);
    at += bytesRead;
  }
  return into;
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new NnpackError('input-output', `file ${show(path)} could not be read: ${textOf(error)}`, { cause: error });
  }
}

/** The parsers know the contents alone; who has several files wants to know which. */
function within<T>(who: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    throw new NnpackError(error.code, `${who}: ${error.message}`, { cause: error });
  }
}

function fail(what: string, value: unknown): never {
  throw new NnpackError('invalid-argument', `loadMxnetFiles: ${what} is ${show(value)}, expected a string`);
}
