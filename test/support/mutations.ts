/** Good files in which anything was changed: 2,000 of each, and 100,000 with `npm run test:slow`. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type ErrorCode, NnpackError } from '../../src/errors.ts';
import { runs } from './runs.ts';

const MUTATIONS = runs(2000, 50);
/** Of arrays, while a file of a few kilobytes is read. */
const MOST_BYTES = 2 ** 28;
const MOST_LETTERS = 700;

/** What a reader may say of a file that makes no sense to it. */
interface Refusals {
  readonly codes: readonly ErrorCode[];
  /** The part of the file that an error names. */
  readonly part: RegExp;
}

/**
 * Holds `read` to its refusals on drawn files. The seed is printed before the first, so that one on which it hangs can be
 * drawn again, and at the end how they ended: where none was read, or hardly any refused, they would show little.
 */
export async function expectReadOrRefused<T>(
  what: string,
  drawn: fc.Arbitrary<T>,
  refusals: Refusals,
  read: (file: T) => unknown,
): Promise<void> {
  const counts = new Map<string, number>();
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`${what}, seed ${seed}`);
  const property = fc.asyncProperty(drawn, async (file) => {
    const ending = await endingOf(refusals, () => read(file));
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  });
  const details = await fc.check(property, { numRuns: MUTATIONS, seed });
  const endings = [...counts].map(([ending, count]) => `${count} ${ending}`).join(', ');
  console.log(`${what}: ${endings}`);
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
  const good = counts.get('read') ?? 0;
  expect(good).toBeGreaterThan(MUTATIONS / 100);
  expect(good).toBeLessThan(MUTATIONS * 0.9);
}

async function endingOf({ codes, part }: Refusals, read: () => unknown): Promise<string> {
  const before = process.memoryUsage().arrayBuffers;
  try {
    await read();
    return 'read';
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    expect(codes).toContain(error.code);
    expect(error.message).toMatch(part);
    expect(error.message.length).toBeLessThan(MOST_LETTERS);
    return error.code;
  } finally {
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_BYTES);
  }
}

type Change = (bytes: Uint8Array) => Uint8Array;

/** Words that formats begin with, count with or give a meaning to. */
const WORDS = [0, 1, 2, 3, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0xf993fac8, 0xf993fac9, 0xf993faca, 2 ** 30];

/** The bytes with others in the place of `count` from `at` on. */
function replaced(bytes: Uint8Array, at: number, count: number, by: ArrayLike<number>): Uint8Array {
  const start = at % (bytes.length + 1);
  const rest = bytes.subarray(Math.min(bytes.length, start + count));
  const made = new Uint8Array(start + by.length + rest.length);
  made.set(bytes.subarray(0, start));
  made.set(by, start);
  made.set(rest, start + by.length);
  return made;
}

const at = fc.nat({ max: 2 ** 20 });
const few = fc.integer({ min: 1, max: 16 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(at, fc.nat({ max: 255 })).map(
    ([place, x]): Change =>
      (bytes) =>
        replaced(bytes, place, 1, [x]),
  ),
  fc.tuple(at, fc.nat({ max: 7 })).map(([place, bit]): Change => {
    return (bytes) => replaced(bytes, place, 1, [bytes[place % (bytes.length + 1)] ^ (1 << bit)]);
  }),
  fc.tuple(fc.nat({ max: 255 }), fc.constantFrom(...WORDS)).map(([word, x]): Change => {
    return (bytes) => replaced(bytes, 4 * word, 4, new Uint8Array(Uint32Array.of(x).buffer));
  }),
  fc.tuple(at, few).map(
    ([place, count]): Change =>
      (bytes) =>
        replaced(bytes, place, count, []),
  ),
  fc.tuple(at, fc.uint8Array({ maxLength: 16 })).map(
    ([place, x]): Change =>
      (bytes) =>
        replaced(bytes, place, 0, x),
  ),
  fc.tuple(at, few).map(([place, count]): Change => {
    return (bytes) => replaced(bytes, place, 0, bytes.subarray(place % (bytes.length + 1)).subarray(0, count));
  }),
  at.map(
    (place): Change =>
      (bytes) =>
        bytes.subarray(0, place % (bytes.length + 1)),
  ),
);

/** The file with one to three changes: bytes that are others, or are left out, put in, doubled or cut off. */
export function changedBytes(file: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((bytes, apply) => apply(bytes), file));
}
