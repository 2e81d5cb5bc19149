/**
 * Files that are read from disk: those of models, pictures and arrays. What is read is a regular file, as long as it was
 * when it was looked at: never a pipe that waits for ever, or a device without an end. A model may come from anywhere, so
 * its manifest names files inside its own folder only. What is thrown here says what is wrong; `readingFile` adds whose file
 * it is.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { NnpackError, show } from '../errors.ts';
import { textOf } from './options.ts';
import { type Bytes, type StoredBytes, storedBytes } from './stored-bytes.ts';

export interface RegularFile {
  /** Without links. */
  readonly path: string;
  readonly bytes: number;
  /** Which file it was, and when it was last written to: what is read later must be the same. */
  readonly identity: string;
}

/** What stands at a path, once links are followed. Nothing is opened: opening alone may wait, or wind a tape. */
export async function lookAt(path: string): Promise<RegularFile> {
  // A shell's `<(command)` is a pipe that has a name, and none without links.
  expectRegular(await stat(path));
  const real = await realpath(path);
  const stats = await stat(real);
  expectRegular(stats);
  return { path: real, bytes: stats.size, identity: identityOf(stats) };
}

/** Between the look and the opening, another file may have come to a name. Windows has neither of the last flags. */
const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
const FLAGS = O_RDONLY | O_NONBLOCK | O_NOFOLLOW;
/** One read takes less than 2³¹ bytes. */
const MOST_READ = 2 ** 30;

/** Part of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** The bytes of a file, of which there must be as many as there were. */
export async function readRegular(file: RegularFile): Promise<Uint8Array> {
  const [bytes] = await readRanges(file, [{ offset: 0, length: file.bytes }]);
  return bytes;
}

/** The bytes of ranges, all inside a file, of which there must be as many as there were. */
export async function readRanges({ path, bytes }: RegularFile, ranges: readonly ByteRange[]): Promise<Uint8Array[]> {
  const file = await open(path, FLAGS);
  try {
    const stats = await file.stat();
    expectRegular(stats);
    if (stats.size !== bytes) throw new Error(`it has ${stats.size} bytes now, and had ${bytes}`);
    const read: Uint8Array[] = [];
    for (const { offset, length } of ranges) read.push(await readBytes(file, new Uint8Array(length), offset));
    return read;
  } finally {
    await file.close();
  }
}

/**
 * The bytes of a file as they are needed. It is opened each time, so that whoever no longer needs it has nothing to close, and
 * must be what it was when it was looked at.
 */
export function storedFile({ path, bytes, identity }: RegularFile): StoredBytes {
  return storedBytes(bytes, (into, first) => {
    try {
      const file = openSync(path, FLAGS);
      try {
        const stats = fstatSync(file);
        expectRegular(stats);
        if (stats.size !== bytes || identityOf(stats) !== identity) {
          throw new Error('it is not what it was when it was opened');
        }
        readAll(file, into, first);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      const what = `file ${show(path)} could not be read: ${textOf(error)}`;
      throw new NnpackError('input-output', what, { cause: error });
    }
  });
}

function identityOf({ dev, ino, mtimeMs }: Stats): string {
  return `${dev}:${ino}:${mtimeMs}`;
}

function readAll(file: number, into: Uint8Array, offset: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(file, into, at, Math.min(MOST_READ, into.length - at), offset + at);
    if (read === 0) throw new Error(`it ends after ${offset + at} bytes`);
    at += read;
  }
}

/** What the disk gives; whatever goes wrong with it is one error, of the file that is named. */
export async function readingFile<T>(who: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NnpackError) throw error;
    throw new NnpackError('input-output', `${who} could not be read: ${textOf(error)}`, { cause: error });
  }
}

/**
 * The bytes of a file of at most so many.
 *
 * @param where else to look for what makes it larger
 */
export async function readWholeFile(
  who: string,
  path: string,
  most = Number.POSITIVE_INFINITY,
  where = '',
): Promise<Uint8Array> {
  return (await readLargeFile(who, path, Number.POSITIVE_INFINITY, most, where)) as Uint8Array;
}

/** The bytes of a file of at most so many; those of a large one are left there until they are needed. */
export function readLargeFile(
  who: string,
  path: string,
  large: number,
  most = Number.POSITIVE_INFINITY,
  where = '',
): Promise<Bytes> {
  return readingFile(who, async () => {
    const file = await lookAt(path);
    if (file.bytes > most) throw new Error(`it has ${file.bytes} bytes, expected at most ${most}${where}`);
    return file.bytes > large ? storedFile(file) : readRegular(file);
  });
}

/** The file of the manifest's path, in the folder of the model (without links). */
export async function lookInside(folder: string, path: string): Promise<RegularFile> {
  const refusal = refusePath(path, process.platform === 'win32');
  if (refusal !== null) throw new Error(refusal);
  const place = resolve(folder, path);
  // nothing outside is touched, not even to see whether it exists
  expectInside(folder, place, 'it lies');
  const file = await lookAt(place);
  expectInside(folder, file.path, 'it is a link to a file');
  return file;
}

/** Why a manifest's path is none of a file beside the model, or null. It is a relative one with slashes, on any system. */
export function refusePath(path: string, isWindows: boolean): string | null {
  if (path === '') return 'it has no name';
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) return "it is a URL, expected a path inside the model's folder";
  if (isWindows && /[\\:]/.test(path)) return 'it has a backslash or a colon, expected slashes alone';
  if (path.startsWith('/')) return "it is absolute, expected a path inside the model's folder";
  return null;
}

function expectInside(folder: string, place: string, what: string): void {
  const way = relative(folder, place);
  if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return;
  throw new Error(`${what} outside of the model's folder, expected one inside`);
}

function expectRegular(stats: Stats): void {
  if (!stats.isFile()) throw new Error(`it is ${kindOf(stats)}, expected a regular file`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

async function readBytes(file: FileHandle, into: Uint8Array, offset: number): Promise<Uint8Array> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await file.read(into, at, Math.min(MOST_READ, into.length - at), offset + at);
    if (bytesRead === 0) throw new Error(`it ends after ${at} bytes, and had ${into.length}`);
    at += bytesRead;
  }
  return into;
}
