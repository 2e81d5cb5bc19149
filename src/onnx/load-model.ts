/**
 * Reading ONNX models with the files beside them. A model may come from anywhere, so it may only name files inside its own
 * folder, and only the bytes that its tensors take are read of these: each once, or of large files when they are needed.
 */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type ByteRange,
  lookInside,
  type RegularFile,
  readLargeFile,
  readRanges,
  storedFile,
} from '../check/model-files.ts';
import { namingFile } from '../check/naming-file.ts';
import { textOf } from '../check/options.ts';
import { LARGE_FILE, partOf, type StoredBytes } from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import { parseModel } from './parse-model.ts';
import type { Model } from './proto.ts';
import { type ExternalRange, externalRange, type ReadBytes } from './tensor.ts';
import { tensorsOf } from './tensors-of.ts';

/** A model, and the bytes of other files that its tensors lie in. */
export interface LoadedModel {
  readonly model: Model;
  readonly readExternal: ReadBytes;
}

/** No message of protobuf is longer; larger models have their numbers in files of their own. */
const MOST_MODEL_BYTES = 2 ** 31 - 1;
/** Ranges that lie so near to each other are read as one: writers begin each on a page, of 64 KiB on Windows. */
const NEAR_BYTES = 2 ** 16;
/** Tensors may share their bytes, but a few bytes that many tensors share would become many. */
const MOST_SHARED_BYTES = 2 ** 28;
const MOST_TIMES_SHARED = 4;

/** Reads a model and the ranges of the files beside it that its tensors name. */
export async function loadModel(path: string, who = 'loadModel', large = LARGE_FILE): Promise<LoadedModel> {
  if (typeof path !== 'string') {
    throw new NnpackError('invalid-argument', `${who}: path is ${show(path)}, expected a string`);
  }
  const bytes = await readLargeFile(
    `model ${show(path)}`,
    path,
    large,
    MOST_MODEL_BYTES,
    ' (numbers lie in other files)',
  );
  return namingFile(path, async () => {
    const model = parseModel(bytes, who, true);
    return { model, readExternal: await readExternals(path, model, large) };
  });
}

/** The ranges that tensors take of one file. */
interface Claims {
  readonly location: string;
  readonly file: RegularFile;
  readonly ranges: ByteRange[];
}

async function readExternals(path: string, model: Model, large: number): Promise<ReadBytes> {
  const { byLocation, all } = await lookAtExternals(path, model);
  expectFewShared(all);
  /** Path of the file → offset → the bytes from there on, as many as a tensor takes. */
  const bytes = new Map<string, Map<number, Uint8Array> | StoredBytes>();
  for (const claims of all) {
    const isLarge = heldBy(claims) > large;
    bytes.set(claims.file.path, isLarge ? storedFile(claims.file) : await readClaims(claims));
  }
  return (location, offset, length) => {
    const file = bytes.get(byLocation.get(location)?.path ?? '');
    if (file !== undefined && !(file instanceof Map)) return partOf(file, offset, length);
    const found = file?.get(offset);
    if (found !== undefined && found.length >= length) return found.subarray(0, length);
    throw new NnpackError(
      'input-output',
      `model: ${length} bytes of ${show(location)} from ${offset} on were not read`,
    );
  };
}

/** All files are looked at, and all ranges compared with what they have, before one is opened. */
async function lookAtExternals(path: string, model: Model) {
  const byLocation = new Map<string, RegularFile>();
  /** By the path without links: `./` makes a second location of one file. */
  const byPath = new Map<string, Claims>();
  let folder: string | null = null;
  for (const { who, tensor } of tensorsOf(model)) {
    const range = externalRange(who, tensor);
    if (range === null) continue;
    const { location } = range;
    folder ??= await realpath(dirname(path));
    const file = byLocation.get(location) ?? (await lookAtExternal(folder, location));
    byLocation.set(location, file);
    expectInside(who, range, file);
    const claims = byPath.get(file.path) ?? { location, file, ranges: [] };
    claims.ranges.push(range);
    byPath.set(file.path, claims);
  }
  return { byLocation, all: [...byPath.values()] };
}

async function lookAtExternal(folder: string, location: string): Promise<RegularFile> {
  try {
    return await lookInside(folder, location);
  } catch (error) {
    throw externalError(location, error);
  }
}

function externalError(location: string, error: unknown): NnpackError {
  const what = `model: external data ${show(location)} could not be read: ${textOf(error)}`;
  return new NnpackError('input-output', what, { cause: error });
}

function expectInside(who: string, { location, offset, length }: ExternalRange, { bytes }: RegularFile): void {
  if (offset + length <= bytes) return;
  const what = `takes bytes ${offset} to ${offset + length} of ${show(location)}, which has ${bytes}`;
  throw new NnpackError('invalid-model', `${who}: ${what}`);
}

function expectFewShared(all: readonly Claims[]): void {
  let claimed = 0;
  let held = 0;
  for (const claims of all) {
    for (const { length } of claims.ranges) claimed += length;
    held += heldBy(claims);
  }
  const most = MOST_SHARED_BYTES + MOST_TIMES_SHARED * held;
  if (claimed <= most) return;
  const what = `tensors take ${claimed} bytes of ${held} in other files, expected at most ${most}`;
  throw new NnpackError('invalid-model', `model: ${what}`);
}

/** The bytes of a file that tensors take, each counted once. */
function heldBy({ ranges }: Claims): number {
  return spansOf(ranges, 0).reduce((sum, { length }) => sum + length, 0);
}

async function readClaims({ location, file, ranges }: Claims): Promise<Map<number, Uint8Array>> {
  const spans = spansOf(ranges, NEAR_BYTES);
  const read = await readRanges(file, spans).catch((error) => {
    throw externalError(location, error);
  });
  const found = new Map<number, Uint8Array>();
  let at = 0;
  for (const { offset, length } of sorted(ranges)) {
    while (spans[at].offset + spans[at].length < offset + length) at++;
    const start = offset - spans[at].offset;
    // the last of one offset is the longest
    found.set(offset, read[at].subarray(start, start + length));
  }
  return found;
}

/** The least ranges, in order, that hold all ranges; those that are so near to each other are one. */
function spansOf(ranges: readonly ByteRange[], near: number): ByteRange[] {
  const spans: { offset: number; length: number }[] = [];
  for (const { offset, length } of sorted(ranges)) {
    const last = spans.at(-1);
    if (last === undefined || offset > last.offset + last.length + near) spans.push({ offset, length });
    else last.length = Math.max(last.length, offset + length - last.offset);
  }
  return spans;
}

function sorted(ranges: readonly ByteRange[]): ByteRange[] {
  return [...ranges].sort((a, b) => a.offset - b.offset || a.length - b.length);
}
