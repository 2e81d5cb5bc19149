/** Files whose parts are missing, doubled or out of order: they are refused before anything large is made of them. */
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/cli/picture.ts';
import { MAX_PIXELS } from '../../src/cli/picture-file.ts';
import { NnpackError } from '../../src/errors.ts';
import { RUNS } from '../networks/arbitrary.ts';
import {
  type Chunk,
  changed,
  chunksOf,
  FIXTURES,
  fixture,
  isFrame,
  isScan,
  joined,
  jpegOf,
  pngOf,
  refusal,
  type Segment,
  segment,
  segmentsOf,
} from './picture-files.ts';

const damage = (kind: string, what: string) => ({
  code: 'invalid-picture',
  message: expect.stringContaining(`picture 'x': the ${kind} file is damaged: ${what}`),
});

describe('a PNG', () => {
  const whole = fixture('png-palette-4.png');
  const chunks = chunksOf(whole);
  const [header, palette, data, end] = chunks;
  const data2 = (change: (raw: Buffer) => Uint8Array): Chunk => ({
    type: 'IDAT',
    contents: new Uint8Array(deflateSync(change(inflateSync(data.contents)))),
  });

  it('is taken apart and put together rightly by this test', () => {
    expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'PLTE', 'IDAT', 'IEND']);
    expect(pngOf(chunks)).toEqual(whole);
  });

  it('may have bytes behind its end, chunks that say something else, and its image data in parts', () => {
    const same = (bytes: Uint8Array) => expect(decodePicture(bytes, 'x')).toEqual(decodePicture(whole, 'x'));
    same(joined([whole, [0, 1, 2, 3]]));
    same(joined([whole, whole]));
    const text: Chunk = { type: 'tEXt', contents: new TextEncoder().encode('Comment\0and so on') };
    same(pngOf([header, text, palette, text, data, text, end]));
    const parts = [data.contents.subarray(0, 5), data.contents.subarray(5, 5), data.contents.subarray(5)];
    same(pngOf([header, palette, ...parts.map((contents) => ({ type: 'IDAT', contents })), end]));
  });

  it.each(FIXTURES.filter((name) => name.endsWith('.png')))('%s may have surplus image data', (name) => {
    const bytes = fixture(name);
    const all = chunksOf(bytes);
    const raw = inflateSync(Buffer.concat(all.filter(({ type }) => type === 'IDAT').map(({ contents }) => contents)));
    const first = all.findIndex(({ type }) => type === 'IDAT');
    const rest = all.filter(({ type }) => type !== 'IDAT');
    const withData = (contents: Uint8Array) =>
      decodePicture(pngOf([...rest.slice(0, first), { type: 'IDAT', contents }, ...rest.slice(first)]), 'x');
    const wanted = decodePicture(bytes, 'x');
    for (const surplus of [1, 21, 1000, 65_536]) {
      const longer = joined([raw, new Uint8Array(surplus).fill(9)]);
      expect(withData(new Uint8Array(deflateSync(longer)))).toEqual(wanted);
    }
    // behind the end of what is compressed
    expect(withData(joined([deflateSync(raw), new Uint8Array(100).fill(7)]))).toEqual(wanted);
  });

  it.each<[string, readonly Chunk[], string]>([
    ['a second header', [header, header, palette, data, end], 'it has 2 chunks IHDR, expected one'],
    ['a header at the end', [palette, data, header, end], 'its header does not come first'],
    ['no header', [palette, data, end], 'its header does not come first'],
    ['no image data', [header, palette, end], 'it has no image data'],
    ['no palette', [header, data, end], 'it has a palette of 0 colours, expected 1 to 16'],
    ['two palettes', [header, palette, palette, data, end], 'it has 2 chunks PLTE, expected one'],
    ['its palette behind', [header, data, palette, end], 'its chunks are out of order'],
    ['image data in two places', [header, data, palette, data, end], 'its chunks are out of order'],
    [
      'half a colour',
      [header, { ...palette, contents: palette.contents.slice(0, 4) }, data, end],
      'its palette ends within a colour',
    ],
    ['no end', [header, palette, data], 'its data ends early'],
    ['empty image data', [header, palette, { ...data, contents: new Uint8Array(0) }, end], 'its image data ends early'],
    [
      'image data cut off',
      [header, palette, { ...data, contents: data.contents.slice(0, -6) }, end],
      'its image data ends early',
    ],
    [
      'rows missing',
      [header, palette, data2((raw) => raw.subarray(0, 20)), end],
      'its image data ends early: 20 bytes, expected 42',
    ],
    [
      'far too many rows',
      [header, palette, data2((raw) => joined([raw, new Uint8Array(65_537)])), end],
      'its image data has more than the 42 bytes that its header asks for, and 65536 that would be left out',
    ],
    [
      'text in its image data',
      [
        header,
        palette,
        { ...data, contents: data.contents.slice(0, 5) },
        { type: 'tEXt', contents: new TextEncoder().encode('Comment\0and so on') },
        { ...data, contents: data.contents.slice(5) },
        end,
      ],
      "its image data is not in one run: the chunk 'tEXt' stands in it",
    ],
    [
      'a filter of no kind',
      [header, palette, data2((raw) => Uint8Array.from(raw).fill(9, 0, 1)), end],
      'its chunks do not',
    ],
    [
      'a colour beyond its palette',
      [header, { ...palette, contents: palette.contents.slice(0, 6) }, data, end],
      'its chunks do not hold',
    ],
    ['7 bits', [{ ...header, contents: header.contents.with(8, 7) }, palette, data, end], '7 bits do not go with'],
    [
      '16 bits of palette',
      [{ ...header, contents: header.contents.with(8, 16) }, palette, data, end],
      '16 bits do not',
    ],
    [
      'more alphas than colours',
      [header, palette, { type: 'tRNS', contents: new Uint8Array(17) }, data, end],
      'its chunk tRNS has 17',
    ],
  ])('with %s is refused', (_, parts, what) => {
    expect(refusal(pngOf(parts))).toMatchObject(damage('PNG', what));
  });

  it('with a wrong check sum is refused', () => {
    expect(refusal(whole.with(-18, whole[whole.length - 18] ^ 1))).toMatchObject(damage('PNG', 'its'));
    expect(refusal(whole.with(30, whole[30] ^ 1))).toMatchObject(damage('PNG', 'its chunks do not hold'));
  });

  it('with a chunk that nobody knows and that cannot be left out is said not to be supported', () => {
    const error = refusal(pngOf([{ type: 'CgBI', contents: new Uint8Array(4) }, ...chunks]));
    expect(error.code).toBe('unsupported-picture');
    expect(error.message).toContain("the PNG file has the chunk 'CgBI', which cannot be left out");
  });

  it('that inflates to gigabytes, or claims them in a second header, is refused without', () => {
    const huge = header.contents.slice();
    new DataView(huge.buffer).setUint32(0, 20_000);
    new DataView(huge.buffer).setUint32(4, 20_000);
    expect(refusal(pngOf([header, { ...header, contents: huge }, palette, data, end])).code).toBe('invalid-picture');
    expect(refusal(pngOf([{ ...header, contents: huge }, palette, data, end])).code).toBe('unsupported-input-size');
    // a thousandth of that here: what is inflated is never longer than the 42 bytes that the header asks for
    for (const interlace of [0, 1]) {
      const bomb = pngOf([
        { ...header, contents: header.contents.with(12, interlace) },
        palette,
        data2(() => new Uint8Array(1 << 22)),
        end,
      ]);
      expect(refusal(bomb)).toMatchObject(damage('PNG', 'its image data has more than the'));
    }
    const long = header.contents.slice();
    new DataView(long.buffer).setUint32(0, MAX_PIXELS);
    new DataView(long.buffer).setUint32(4, 1);
    expect(refusal(pngOf([{ ...header, contents: long }, palette, data, end])).message).toBe(
      "picture 'x': expected at most 1000000 pixels a side, got 33554432 × 1",
    );
  });
});

describe('a JPEG', () => {
  const whole = fixture('jpeg-baseline-2x2.jpg');
  const segments = segmentsOf(whole);
  const frame = segments.find(isFrame) as Segment;
  const scan = segments.find(isScan) as Segment;
  const without = (of: readonly Segment[], leftOut: (one: Segment) => boolean) => of.filter((one) => !leftOut(one));
  const ahead = (place: (one: Segment) => boolean, more: Segment, of = segments) =>
    of.flatMap((one) => (place(one) ? [more, one] : [one]));
  const instead = (place: (one: Segment) => boolean, other: Segment, of = segments) =>
    of.map((one) => (place(one) ? other : one));

  it('is taken apart and put together rightly by this test', () => {
    for (const name of FIXTURES.filter((one) => one.endsWith('.jpg'))) {
      expect(jpegOf(segmentsOf(fixture(name)))).toEqual(fixture(name));
    }
  });

  it('may have bytes that fill, segments that say something else, and bytes behind its end', () => {
    const same = (bytes: Uint8Array) => expect(decodePicture(bytes, 'x')).toEqual(decodePicture(whole, 'x'));
    same(joined([whole, [0xff, 0xd8, 0xff, 0xc0, 0, 0]]));
    same(jpegOf(ahead(isFrame, segment(0xe2, 'ICC_PROFILE'))));
    same(jpegOf(ahead(isScan, segment(0xfe, '\u00ff\u00d8\u00ff\u00c0\u00ff\u00d9'))));
    same(joined([whole.slice(0, 2), [0xff, 0xff], whole.slice(2)]));
    same(joined([whole.slice(0, -2), [0xff, 0xff, 0xff, 0xd9]]));
    const restarts = fixture('jpeg-baseline-restarts.jpg');
    const at = restarts.findIndex((byte, i) => byte === 0xff && restarts[i + 1] === 0xd3);
    const filled = joined([restarts.slice(0, at), [0xff, 0xff], restarts.slice(at)]);
    expect(decodePicture(filled, 'x')).toEqual(decodePicture(restarts, 'x'));
  });

  it.each<[string, readonly Segment[], string]>([
    ['a second frame header', ahead(isScan, frame), 'it has a second frame header, expected one'],
    ['a second frame header behind', [...segments, frame], 'it has a second frame header, expected one'],
    ['no frame header', without(segments, isFrame), 'a scan comes before the frame header'],
    ['nothing', [], 'it has no frame header'],
    ['no scan', without(segments, isScan), 'it has no scan'],
    ['a scan twice', [...segments, scan], 'it has two scans of the same component'],
    [
      'no quantisation table',
      without(segments, ({ marker }) => marker === 0xdb),
      'a scan comes before its quantisation',
    ],
    ['no Huffman table', without(segments, ({ marker }) => marker === 0xc4), 'its pixels cannot be decoded'],
    ['no pixels', instead(isScan, { ...scan, pixels: scan.pixels.slice(0, 9) }), 'its pixels cannot be decoded'],
    ['a scan of another component', instead(isScan, changed(scan, 1, 77)), 'it has a scan of the component 77'],
    [
      'a component twice',
      instead(isFrame, changed(frame, 9, frame.contents[6])),
      'two of its components have the same',
    ],
    ['no samples', instead(isFrame, changed(frame, 7, 0x10)), 'it has a component sampled 1 × 0, expected 1 to 4'],
    [
      'fifteen samples',
      instead(isFrame, changed(frame, 7, 0xf1)),
      'it has a component sampled 15 × 1, expected 1 to 4',
    ],
    ['a long Huffman table', ahead(isScan, segment(0xc4, [0, 9])), 'a Huffman table ends early'],
    ['a short quantisation table', ahead(isFrame, segment(0xdb, [0, 9])), 'a quantisation table ends early'],
    [
      'no scan of two components',
      without(segmentsOf(fixture('jpeg-separate-scans.jpg')), (one) => isScan(one) && one.contents[1] !== 1),
      'it has no scan of one of its components',
    ],
    [
      'a finer scan alone',
      segmentsOf(fixture('jpeg-progressive-grey.jpg')).filter((one) => !isScan(one) || one.contents[3] !== 0),
      'a finer scan comes before the coarsest one',
    ],
  ])('with %s is refused', (_, parts, what) => {
    expect(refusal(jpegOf(parts))).toMatchObject(damage('JPEG', what));
  });

  it('with an interval between restarts missing, at the end or in the middle, is refused', () => {
    const restarts = segmentsOf(fixture('jpeg-baseline-restarts.jpg'));
    const coded = restarts.find(isScan) as Segment;
    const at = (n: number) => coded.pixels.findIndex((byte, i) => byte === 0xff && coded.pixels[i + 1] === 0xd0 + n);
    const short = { ...coded, pixels: coded.pixels.slice(0, at(4)) };
    const early = refusal(jpegOf(instead(isScan, short, restarts)));
    expect(early).toMatchObject(damage('JPEG', 'a scan has 4 restart markers, expected 5'));
    const gap = { ...coded, pixels: joined([coded.pixels.slice(0, at(2)), coded.pixels.slice(at(3))]) };
    expect(refusal(jpegOf(instead(isScan, gap, restarts)))).toMatchObject(
      damage('JPEG', 'a restart marker is out of order'),
    );
  });

  it('that claims gigabytes in its second frame header is refused without', () => {
    const huge = changed(changed(changed(changed(frame, 1, 255), 2, 255), 3, 255), 4, 255);
    expect(refusal(jpegOf(ahead(isScan, huge))).code).toBe('invalid-picture');
    expect(refusal(jpegOf(ahead(isFrame, huge))).code).toBe('unsupported-input-size');
  });

  it('of a thousand scans, or of a table that changes between scans, is said not to be supported', () => {
    const many = segmentsOf(fixture('jpeg-progressive-grey.jpg'));
    const last = many.findLast(isScan) as Segment;
    const scans = refusal(jpegOf([...many, ...Array.from({ length: 1000 }, () => last)]));
    expect(scans.code).toBe('unsupported-picture');
    expect(scans.message).toContain('has more scans, expected at most 100');
    const table = segments.find(({ marker }) => marker === 0xdb) as Segment;
    const tables = refusal(
      jpegOf(
        ahead((one) => isScan(one) && one.contents[1] === 2, table, segmentsOf(fixture('jpeg-separate-scans.jpg'))),
      ),
    );
    expect([tables.code, tables.message]).toEqual([
      'unsupported-picture',
      expect.stringContaining('has several quantisation tables for one component, expected one'),
    ]);
  });

  it('is turned as Exif says, whatever other segments of its marker stand around it', () => {
    const exif = segment(0xe1, [
      ...[...'Exif\0\0MM\0*\0\0\0\b\0\u0001'].map((letter) => letter.charCodeAt(0)),
      ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0],
    ]);
    const xmp = segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>');
    const [app0, ...rest] = segments;
    const turned = decodePicture(jpegOf([app0, exif, ...rest]), 'x');
    expect([turned.width, turned.height]).toEqual([21, 37]);
    for (const order of [
      [exif, xmp],
      [xmp, exif],
      [exif, xmp, xmp],
      [xmp, exif, segment(0xe1, '')],
    ]) {
      expect(decodePicture(jpegOf([app0, ...order, ...rest]), 'x')).toEqual(turned);
      expect(decodePicture(jpegOf([...order, app0, ...rest]), 'x')).toEqual(turned);
    }
    expect(decodePicture(jpegOf(ahead(isScan, xmp, ahead(isScan, exif))), 'x')).toEqual(turned);
    expect(decodePicture(jpegOf([app0, xmp, ...rest]), 'x').width).toBe(37);
  });
});

it('whatever is broken in a file, it is read or refused in our own words', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FIXTURES),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      (name, changes) => {
        const bytes = fixture(name);
        for (const [place, value] of changes) bytes[place % bytes.length] = value;
        try {
          const { width, height, data } = decodePicture(bytes, 'x');
          expect(data.length).toBe(4 * width * height);
        } catch (error) {
          if (!(error instanceof NnpackError)) throw error;
          expect(error.message).toMatch(/^picture 'x': /);
          if (error.cause instanceof Error) expect(error.message).not.toContain(error.cause.message);
        }
      },
    ),
    { numRuns: 300 * RUNS },
  );
});
