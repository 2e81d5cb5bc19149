/**
 * NAME-NNNN.params: arrays by name, little-endian and without gaps.
 *
 *     112 hex, 8 bytes | 0, 8 bytes | count, 8 bytes | arrays | count, 8 bytes | names: length, 8 bytes | UTF-8
 *
 * A name begins with `arg:`, or with `aux:` for what training keeps beside (a moving mean); Gluon's own files have neither.
 * An array has no length in front, so all arrays are walked first to find the names, which takes no memory. What the file
 * claims is held against what it has before an array is made.
 *
 * Source: MXNet, src/ndarray/ndarray.cc.
 */
import { type Bytes, isBytes } from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { type ArrayHeader, expectKnown, makeArray, readHeader, type StoredArray } from './stored-array.ts';

const MAGIC = 0x112;
/** All row-sparse arrays of a file together: a few bytes of theirs may claim any size. */
const MOST_SPARSE_ELEMENTS = 2 ** 26;

/**
 * The arrays of a file by their names, without `arg:` and `aux:`. An array that had no shape yet when it was saved has
 * no numbers, and is left out.
 *
 * @throws NnpackError 'invalid-model' for what is no such file, or a broken one; 'unsupported-layer' for compressed sparse
 *   rows and types of elements that no graph has; 'out-of-memory'
 */
export function parseParams(bytes: Bytes): Map<string, StoredArray> {
  if (!isBytes(bytes)) {
    throw new NnpackError('invalid-model', `parameters: expected a Uint8Array, got ${show(bytes)}`);
  }
  const reader = new ByteReader('parameters', bytes);
  if (reader.left < 16 || reader.uint64('its mark') !== MAGIC) reader.fail('is no file of MXNet parameters');
  reader.uint64('its second mark');
  const headers = readHeaders(reader);
  const names = readNames(reader, headers.length);
  if (reader.left > 0) reader.fail(`has ${reader.left} bytes after its last name, expected none`);

  // what is not supported is said before an array is made
  for (const [i, header] of headers.entries()) if (header !== null) expectKnown(`array ${show(names[i])}`, header);
  expectSparse(headers);
  const arrays = new Map<string, StoredArray>();
  for (const [i, header] of headers.entries()) {
    if (header !== null) arrays.set(names[i], makeArray(`array ${show(names[i])}`, bytes, header));
  }
  return arrays;
}

function readHeaders(reader: ByteReader): (ArrayHeader | null)[] {
  const count = reader.uint64('the number of arrays');
  // no array takes less than four bytes
  if (count > reader.left / 4) reader.fail(`has ${reader.left} bytes behind the number of arrays, ${count}`);
  const headers: (ArrayHeader | null)[] = [];
  for (let i = 0; i < count; i++) headers.push(readHeader(reader.as(`parameters: array ${i}`)));
  return headers;
}

/** A name for each array, no two the same. */
function readNames(reader: ByteReader, arrays: number): string[] {
  const count = reader.uint64('the number of names');
  if (count !== arrays) reader.fail(`has ${count} names, expected ${arrays} (one for each array)`);
  const names = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const full = reader.text(reader.uint64(`the length of name ${i}`), `name ${i}`);
    const name = full.replace(/^(?:arg|aux):/, '');
    const other = names.get(name);
    if (other !== undefined) reader.fail(`has ${show(other)} and ${show(full)}, expected each name once`);
    names.set(name, full);
  }
  return [...names.keys()];
}

function expectSparse(headers: readonly (ArrayHeader | null)[]): void {
  let elements = 0;
  for (const header of headers) if (header?.sparse !== undefined) elements += header.count;
  if (elements <= MOST_SPARSE_ELEMENTS) return;
  const what = `its row-sparse arrays have ${elements} elements, expected at most ${MOST_SPARSE_ELEMENTS}`;
  throw new NnpackError('unsupported-layer', `parameters: ${what}`);
}
