/** Texts of files are read without the host's help, and as the host would read them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeUtf8 } from '../../src/check/utf8.ts';
import { runs } from '../support/runs.ts';

const host = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function byHost(bytes: Uint8Array): string | null {
  try {
    return host.decode(bytes);
  } catch {
    return null;
  }
}

const letters = fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text));
/** Of a text, one byte is another: most are no texts then. */
const spoiled = fc.tuple(letters, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, place, value]) => {
  return bytes.length === 0 ? bytes : bytes.with(place % bytes.length, value);
});
/** The first bytes of long forms, and what follows them, are frequent here. */
const edges = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
      fc.nat(255),
    ),
  )
  .map((bytes) => Uint8Array.from(bytes));

it('is what TextDecoder gives, and null where it throws', () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(letters, spoiled, edges), (bytes) => {
      const expected = byHost(bytes);
      if (expected === null) refused++;
      expect(decodeUtf8(bytes)).toBe(expected);
    }),
    { numRuns: runs(2000) },
  );
  expect(refused).toBeGreaterThan(100);
});

it.each([
  [
    'the shortest and longest forms',
    [0x00, 0x7f, 0xc2, 0x80, 0xdf, 0xbf, 0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf],
    '\0\u007f\u0080\u07ff\u0800\uffff',
  ],
  ['the first and last pair', [0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf], '\u{10000}\u{10ffff}'],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['a zero in two bytes', [0xc0, 0x80], null],
  ['a slash in three bytes', [0xe0, 0x80, 0xaf], null],
  ['half a pair', [0xed, 0xa0, 0x80], null],
  ['more than 10FFFF', [0xf4, 0x90, 0x80, 0x80], null],
  ['an end in the middle', [0x61, 0xe2, 0x82], null],
  ['a byte that follows nothing', [0xbf], null],
])('%s', (_name, bytes, text) => {
  expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text);
});

it('takes texts of many pieces, whose ends cut no character', () => {
  for (const length of [4095, 4096, 4097, 8191]) {
    const text = `${'a'.repeat(length)}\u{1f600}ä${'é'.repeat(5000)}`;
    expect(decodeUtf8(new TextEncoder().encode(text)) === text).toBe(true);
  }
});

it('reads shared memory', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(3));
  bytes.set([0x61, 0xc3, 0xa4]);
  expect(decodeUtf8(bytes)).toBe('aä');
});
