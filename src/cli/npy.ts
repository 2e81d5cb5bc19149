/**
 * NumPy's files of one array, read as the numbers of a type and written:
 *
 *     93 "NUMPY" | version, 2 bytes | length of the header, 2 bytes (version 1) or 4 | header | elements
 *
 * The header is a dict of Python, `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`. All that it claims is
 * held against the size of the file before anything is read: a few bytes can claim gigabytes.
 *
 * Source: NumPy, numpy.lib.format, versions 1.0 to 3.0.
 */
import { lookAt, type RegularFile, readingFile, readRanges } from '../check/model-files.ts';
import { NnpackError, show } from '../errors.ts';
import type { Dtype } from '../graph/values.ts';
import { decodeHalf } from '../maths/half.ts';
import { denseStrides, sizeOf, type TensorLike, type TypedTensorLike } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import { elementBytes, numbersOf } from './elements.ts';
import { writeWhole } from './files.ts';

/** An array where it lies in its data: in Fortran's order the first axis has the smallest stride. */
export type NpyArray = Required<TypedTensorLike>;

/** The most that a header takes; NumPy itself reads no longer one. */
const MAX_HEADER = 10_000;
const MAX_RANK = 32;
const MAGIC = '\x93NUMPY';

type Read = (view: DataView, at: number, isLittle: boolean) => number | bigint;

/** Elements by the kind and size that `descr` gives behind the order of bytes. */
const TYPES: Readonly<Record<string, { readonly bytes: number; readonly read: Read }>> = {
  f2: { bytes: 2, read: (view, at, isLittle) => decodeHalf(view.getUint16(at, isLittle), 'binary16') },
  f4: { bytes: 4, read: (view, at, isLittle) => view.getFloat32(at, isLittle) },
  f8: { bytes: 8, read: (view, at, isLittle) => view.getFloat64(at, isLittle) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  i2: { bytes: 2, read: (view, at, isLittle) => view.getInt16(at, isLittle) },
  i4: { bytes: 4, read: (view, at, isLittle) => view.getInt32(at, isLittle) },
  i8: { bytes: 8, read: (view, at, isLittle) => view.getBigInt64(at, isLittle) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  u2: { bytes: 2, read: (view, at, isLittle) => view.getUint16(at, isLittle) },
  u4: { bytes: 4, read: (view, at, isLittle) => view.getUint32(at, isLittle) },
  u8: { bytes: 8, read: (view, at, isLittle) => view.getBigUint64(at, isLittle) },
  b1: { bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
};

/**
 * The array of a file as numbers of a type: real ones are rounded, and whole ones must be of the type.
 *
 * @throws NnpackError 'input-output' if the file cannot be read, 'invalid-tensor' if it is no such file or is broken,
 *   'invalid-tensor-type' for elements that are no real numbers, 'out-of-memory' for more than a tensor may have
 */
export async function readNpy(path: string): Promise<Required<TensorLike>>;
export async function readNpy(path: string, dtype: Dtype): Promise<NpyArray>;
export async function readNpy(path: string, dtype: Dtype = 'float32'): Promise<NpyArray> {
  const who = `array ${show(path)}`;
  return readingFile(who, async () => {
    const file = await lookAt(path);
    const header = await readHeader(who, file);
    return elementsOf(who, header, await readRange(file, header.start, file.bytes - header.start), dtype);
  });
}

/** The file of an array in C order: version 1.0, with elements of its type, bfloat16 as float32. */
export async function writeNpy(path: string, array: TypedTensorLike, dtype: Dtype = 'float32'): Promise<void> {
  await writeWhole(path, encodeNpy(array, dtype));
}

/** @param array dense; one of float32 may have any strides */
export function encodeNpy(array: TypedTensorLike, dtype: Dtype = 'float32'): Uint8Array {
  const shape = `(${array.shape.join(', ')}${array.shape.length === 1 ? ',' : ''})`;
  const header = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': ${shape}, }`;
  // Elements begin at a multiple of 64 bytes.
  const start = 64 * Math.ceil((MAGIC.length + 4 + header.length + 1) / 64);
  const elements = elementBytes(array, dtype === 'bfloat16' ? 'float32' : dtype);
  const bytes = new Uint8Array(start + elements.length);
  const length = start - MAGIC.length - 4;
  bytes.set(Buffer.from(`${MAGIC}\x01\x00`, 'latin1'));
  new DataView(bytes.buffer).setUint16(MAGIC.length + 2, length, true);
  bytes.set(Buffer.from(`${header.padEnd(length - 1)}\n`), MAGIC.length + 4);
  bytes.set(elements, start);
  return bytes;
}

/** What NumPy calls each type; it has no bfloat16. */
const DESCR: Readonly<Record<Dtype, string>> = {
  float32: '<f4',
  float64: '<f8',
  float16: '<f2',
  bfloat16: '<f4',
  int64: '<i8',
  int32: '<i4',
  int8: '|i1',
  uint8: '|u1',
  bool: '|b1',
};

interface Header {
  readonly type: string;
  readonly isLittle: boolean;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** The header, once the file is known to have exactly the elements that it claims. */
async function readHeader(who: string, file: RegularFile): Promise<Header> {
  const size = file.bytes;
  const first = await readRange(file, 0, Math.min(size, MAGIC.length + 6));
  if (Buffer.from(first).toString('latin1', 0, MAGIC.length) !== MAGIC) fail(who, 'expected a .npy file, got another');
  if (first.length < MAGIC.length + 6) fail(who, 'ends before its header does');
  const view = new DataView(first.buffer, first.byteOffset);
  const [major, minor] = [first[MAGIC.length], first[MAGIC.length + 1]];
  if (major < 1 || major > 3 || minor !== 0) fail(who, `has version ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
  const before = MAGIC.length + (major === 1 ? 4 : 6);
  const length = major === 1 ? view.getUint16(MAGIC.length + 2, true) : view.getUint32(MAGIC.length + 2, true);
  if (before + length > size) fail(who, 'ends before its header does');
  if (length > MAX_HEADER) fail(who, `has a header of ${length} bytes, expected at most ${MAX_HEADER}`);
  const text = Buffer.from(await readRange(file, before, length)).toString(major === 3 ? 'utf8' : 'latin1');
  const header = { ...parseHeader(who, text), start: before + length };
  const count = sizeOf(header.shape);
  if (count > MAX_ELEMENTS) {
    const what = `has shape ${show([...header.shape])}, expected at most ${MAX_ELEMENTS} elements`;
    throw new NnpackError('out-of-memory', `${who}: ${what}`);
  }
  const expected = header.start + count * TYPES[header.type].bytes;
  if (size !== expected) {
    fail(who, `has ${size} bytes, expected ${expected} for shape ${show([...header.shape])} of ${header.type}`);
  }
  return header;
}

/** A string, a truth value or a tuple of whole numbers, as Python 2 and 3 write them. */
const ENTRY =
  /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(((?:\s*\d+L?\s*,)*(?:\s*\d+L?)?)\s*\))\s*(?:,|(?=\}))/y;

function parseHeader(who: string, text: string): Omit<Header, 'start'> {
  const header = text.trim();
  const fields = new Map<string, string>();
  let at = 1;
  for (;;) {
    ENTRY.lastIndex = at;
    const entry = ENTRY.exec(header);
    if (entry === null) break;
    at = ENTRY.lastIndex;
    const [, single, double, ...values] = entry;
    fields.set(single ?? double, values.find((value) => value !== undefined) ?? '');
  }
  const [descr, order, tuple] = ['descr', 'fortran_order', 'shape'].map((name) => fields.get(name));
  if (/(['"])descr\1\s*:\s*\[/.test(header)) failType(who, 'records');
  const isWhole = header.startsWith('{') && /^\s*\}$/.test(header.slice(at));
  if (!isWhole || descr === undefined || order === undefined || tuple === undefined || fields.size !== 3) {
    return fail(who, `has the header ${show(header)}, expected descr, fortran_order and shape`);
  }
  const [, bytes, type] = /^([<>|=])(\w+)$/.exec(descr) ?? [];
  if (bytes === undefined || !Object.hasOwn(TYPES, type)) failType(who, show(descr));
  const shape = tuple.split(',').filter((part) => part.trim() !== '');
  if (shape.length > MAX_RANK) fail(who, `has ${shape.length} axes, expected at most ${MAX_RANK}`);
  // One byte has no order, and `=` is the writer's own, which is little wherever this runs.
  return { type, isLittle: bytes !== '>', isFortran: order === 'True', shape: shape.map((part) => parseInt(part, 10)) };
}

function elementsOf(who: string, header: Header, elements: Uint8Array, dtype: Dtype): NpyArray {
  const { type, isLittle, isFortran, shape } = header;
  const view = new DataView(elements.buffer, elements.byteOffset, elements.length);
  const { bytes, read } = TYPES[type];
  const data = numbersOf(who, dtype, sizeOf(shape), (i) => read(view, i * bytes, isLittle));
  const stride = isFortran ? denseStrides([...shape].reverse()).reverse() : denseStrides(shape);
  return { data, shape, stride, offset: 0 };
}

async function readRange(file: RegularFile, offset: number, length: number): Promise<Uint8Array> {
  const [bytes] = await readRanges(file, [{ offset, length }]);
  return bytes;
}

function failType(who: string, got: string): never {
  const types = `real numbers: ${Object.keys(TYPES).join(', ')}`;
  throw new NnpackError('invalid-tensor-type', `${who}: has elements of ${got}, expected ${types}`);
}

function fail(who: string, text: string): never {
  throw new NnpackError('invalid-tensor', `${who}: ${text}`);
}
