/** Every sort of PNG and JPEG against what libpng and libjpeg made of the same files (scripts/picture-fixtures.sh). */
import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/cli/picture.ts';
import { changed, EXPECTED, FIXTURES, fixture, isFrame, jpegOf, refusal, segmentsOf } from './picture-files.ts';

const READ = FIXTURES.filter((name) => !name.includes('refused'));

describe('PNG', () => {
  it.each(READ.filter((name) => name.endsWith('.png')))('%s is as libpng reads it', (name) => {
    const samples = Buffer.from(EXPECTED[name], 'base64');
    const expected = Array.from({ length: samples.length / 2 }, (_, i) =>
      Math.round(samples.readUInt16LE(2 * i) / 257),
    );
    const { width, height, data } = decodePicture(fixture(name), name);
    expect([width, height]).toEqual([9, 7]);
    expect([...data]).toEqual(expected);
    // what is compared is no empty picture
    expect(new Set(expected).size).toBeGreaterThan(1);
  });

  it('has every colour type and depth, interlaced or not, and a transparent colour of each sort', () => {
    const greys = [1, 2, 4, 8, 16].map((depth) => `png-grey-${depth}`);
    const palettes = [1, 2, 4, 8].map((depth) => `png-palette-${depth}`);
    const others = ['rgb', 'grey-alpha', 'rgba'].flatMap((type) => [`png-${type}-8`, `png-${type}-16`]);
    const keys = [...greys, 'png-rgb-8', 'png-rgb-16'].map((name) => `${name}-key.png`);
    const all = [...greys, ...palettes, ...others].flatMap((name) => [`${name}.png`, `${name}-interlaced.png`]);
    expect(READ.filter((name) => name.endsWith('.png'))).toEqual([...all, ...keys, 'png-palette-alpha.png'].sort());
  });
});

/**
 * A sample differs from libjpeg's by at most 1: jpeg-js keeps 4 bits behind the point between the steps of its inverse
 * cosine transform, whose roundings at their worst sum to 2/3 of a sample, and those of libjpeg (2 bits between its two
 * passes) to 1/3; so two whole numbers near the same value are equal or neighbours. In YCbCr, the colour of which is
 * converted equally, such samples make a colour differ by 1 from Y and by up to 2 from round(1.772 · (Cb ± 1)), or from
 * the like for red (1.402) and green (0.344 + 0.714). A product C · K / 255 of such samples differs by up to 2, and is cut
 * where libjpeg rounds; by up to 4 where C was converted.
 */
function greatestDifference(name: string): number {
  if (/grey|rgb/.test(name)) return 1;
  return name.includes('ycck') ? 5 : 3;
}

describe('JPEG', () => {
  it.each(READ.filter((name) => name.endsWith('.jpg')))('%s is as libjpeg reads it', (name) => {
    const expected = Buffer.from(EXPECTED[name], 'base64');
    const { width, height, data } = decodePicture(fixture(name), name);
    expect([width, height, expected.length]).toEqual([37, 21, 3 * 37 * 21]);
    const got = Array.from(expected, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]);
    const off = got.map((value, i) => Math.abs(value - expected[i]));
    expect(Math.max(...off)).toBeLessThanOrEqual(greatestDifference(name));
    expect(data.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
    // a wrong conversion of colours is far beyond that
    expect(new Set(expected).size).toBeGreaterThan(greatestDifference(name) + 1);
  });

  it.each([
    ['arithmetic', 'has an arithmetic-coded frame, expected Huffman-coded baseline, extended or progressive frames'],
    ['arithmetic-progressive', 'has an arithmetic-coded frame, expected Huffman-coded'],
    [
      'restarts',
      'has a scan of one component in 15 blocks with a restart after every 4, expected restarts that divide',
    ],
  ])('that is %s is said not to be supported', (sort, text) => {
    const error = refusal(fixture(`jpeg-refused-${sort}.jpg`));
    expect(error.code).toBe('unsupported-picture');
    expect(error.message).toContain(`picture 'x': the JPEG file ${text}`);
  });

  const withFrame = (change: (frame: ReturnType<typeof segmentsOf>[number]) => ReturnType<typeof segmentsOf>[number]) =>
    jpegOf(segmentsOf(fixture('jpeg-baseline-1x1.jpg')).map((one) => (isFrame(one) ? change(one) : one)));

  it.each([
    [0xc3, 'a lossless frame'],
    [0xc5, 'a hierarchical frame'],
    [0xcb, 'a lossless, arithmetic-coded frame'],
    [0xde, 'a hierarchy of frames'],
    [0xf7, 'a JPEG-LS frame'],
  ])('of the frame header %i is said not to be supported', (marker, got) => {
    const error = refusal(withFrame((frame) => ({ ...frame, marker })));
    expect([error.code, error.message]).toEqual(['unsupported-picture', expect.stringContaining(`has ${got}`)]);
  });

  it('of four colours that are not Adobe’s is said not to be supported', () => {
    const others = segmentsOf(fixture('jpeg-cmyk.jpg')).filter(({ marker }) => marker !== 0xee);
    const error = refusal(jpegOf(others));
    expect(error.code).toBe('unsupported-picture');
    expect(error.message).toContain(
      "has four colours without it, expected Adobe's segment, which says whether they are",
    );
  });

  it('of 12 bits, of two components or sampled 3 to 2 is said not to be supported', () => {
    const twelve = refusal(withFrame((frame) => changed({ ...frame, marker: 0xc1 }, 0, 12)));
    expect(twelve.code).toBe('unsupported-picture');
    expect(twelve.message).toBe("picture 'x': the JPEG file has 12 bits a sample, expected 8");
    const two = refusal(
      withFrame((frame) => ({ ...changed(frame, 5, 2), contents: frame.contents.with(5, 2).slice(0, 12) })),
    );
    expect([two.code, two.message]).toEqual(['unsupported-picture', expect.stringContaining('has 2 components')]);
    const uneven = refusal(withFrame((frame) => changed(changed(frame, 7, 0x31), 10, 0x21)));
    expect(uneven.code).toBe('unsupported-picture');
    expect(uneven.message).toContain('has components sampled 3 × 1 and 2 × 1, expected');
  });
});
