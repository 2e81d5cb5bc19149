import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodePicture, readPicture, writePng } from '../../src/cli/picture.ts';
import { MAX_PIXELS, type Picture } from '../../src/cli/picture-file.ts';
import { NnpackError } from '../../src/errors.ts';
import { RUNS } from '../networks/arbitrary.ts';
import { MAIN } from '../support/process.ts';
import { refusal } from './picture-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'picture-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Every pixel another colour. */
function gradient(width: number, height: number): Picture {
  const data = new Uint8Array(4 * width * height).map((_, i) => {
    const [row, column] = [Math.floor(i / 4 / width), Math.floor(i / 4) % width];
    return [(255 * row) / height, (255 * column) / width, (row * column) % 256, 255][i % 4];
  });
  return { width, height, data };
}

const png = (picture: Picture) => new Uint8Array(PNG.sync.write(picture));
const jpg = (picture: Picture) => new Uint8Array(jpeg.encode(picture, 95).data);

describe('a picture', () => {
  it('comes back from PNG as it went', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat(255)),
        async (width, height, numbers) => {
          const data = Uint8Array.from(numbers.take(4 * width * height));
          const path = join(folder, 'a.png');
          await writePng(path, { width, height, data });
          const back = await readPicture(path);
          expect([back.width, back.height, [...back.data]]).toEqual([width, height, [...data]]);
        },
      ),
      { numRuns: 20 * RUNS },
    );
  });

  it('comes from JPEG about as it went', async () => {
    const flat: Picture = {
      width: 20,
      height: 11,
      data: new Uint8Array(880).map((_, i) => [200, 100, 50, 255][i % 4]),
    };
    const path = join(folder, 'a.jpg');
    await writeFile(path, jpg(flat));
    const { width, height, data } = await readPicture(path);
    expect([width, height]).toEqual([20, 11]);
    // one colour has one coefficient, which quality 95 rounds to a few 255ths
    expect(data.every((v, i) => Math.abs(v - flat.data[i]) <= (i % 4 === 3 ? 0 : 4))).toBe(true);
  });

  // what the EXIF standard says of each value: where the stored row 0 and column 0 are to be seen
  it.each([
    [1, 'top', 'left'],
    [2, 'top', 'right'],
    [3, 'bottom', 'right'],
    [4, 'bottom', 'left'],
    [5, 'left', 'top'],
    [6, 'right', 'top'],
    [7, 'right', 'bottom'],
    [8, 'left', 'bottom'],
  ])('with the orientation %i has its row 0 at the %s and its column 0 at the %s', (orientation, row, column) => {
    const stored: Picture = { width: 32, height: 16, data: new Uint8Array(4 * 32 * 16).fill(255) };
    // the corner of row 0 and column 0 is dark, and the rest of row 0 is grey
    for (let j = 0; j < 32; j++) stored.data.fill(j < 8 ? 0 : 128, 4 * j, 4 * j + 3);
    for (let i = 1; i < 8; i++) stored.data.copyWithin(4 * 32 * i, 0, 4 * 32);
    for (const little of [true, false]) {
      const turned = decodePicture(withExif(jpg(stored), orientation, little), 'x');
      expect([turned.width, turned.height]).toEqual(orientation >= 5 ? [16, 32] : [32, 16]);
      const place = { top: 1, left: 1, bottom: turned.height - 2, right: turned.width - 2 };
      const at = (y: number, x: number) => Math.round(turned.data[4 * (y * turned.width + x)] / 64);
      const rowIsHorizontal = row === 'top' || row === 'bottom';
      const near = place[row as keyof typeof place];
      const end = place[column as keyof typeof place];
      const otherEnd = rowIsHorizontal ? turned.width - 1 - end : turned.height - 1 - end;
      const otherSide = rowIsHorizontal ? turned.height - 1 - near : turned.width - 1 - near;
      const read = (side: number, along: number) => (rowIsHorizontal ? at(side, along) : at(along, side));
      expect([read(near, end), read(near, otherEnd), read(otherSide, end)]).toEqual([0, 2, 4]);
    }
  });

  it('is refused where there is none', async () => {
    await expect(readPicture(join(folder, 'none.png'))).rejects.toMatchObject({ code: 'input-output' });
    await expect(readPicture(folder)).rejects.toBeInstanceOf(NnpackError);
    await expect(readPicture(folder)).rejects.toThrow('could not be read: it is a folder, expected a regular file');
    await writeFile(join(folder, 'long.png'), '');
    await truncate(join(folder, 'long.png'), 2 ** 29 + 1);
    await expect(readPicture(join(folder, 'long.png'))).rejects.toThrow(
      'could not be read: it has 536870913 bytes, expected at most 536870912',
    );
    expect(refusal(new Uint8Array(0)).message).toBe("picture 'x': expected a PNG or JPEG file, got an empty file");
    expect(refusal(new TextEncoder().encode('GIF89a and so on')).message).toBe(
      "picture 'x': expected a PNG or JPEG file, got something else",
    );
  });

  it.skipIf(process.platform === 'win32')('is refused at once where it is a pipe, with a name or without', async () => {
    const named = join(folder, 'pipe.png');
    execFileSync('mkfifo', [named]);
    const reason = 'could not be read: it is a pipe, expected a regular file';
    await expect(readPicture(named)).rejects.toMatchObject({
      code: 'input-output',
      message: `picture '${named}' ${reason}`,
    });
    const script = 'true | "$0" "$1" run --input /dev/stdin';
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
    const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, MAIN], { encoding: 'utf8', env });
    expect([status, stderr]).toEqual([2, `error picture '/dev/stdin' ${reason}\n`]);
  });

  it('is refused wherever it is cut off', () => {
    for (const bytes of [png(gradient(7, 5)), jpg(gradient(24, 9))]) {
      const whole = decodePicture(bytes, 'x');
      expect(whole.data.length).toBe(4 * whole.width * whole.height);
      for (let end = 0; end < bytes.length; end++) expect(refusal(bytes.slice(0, end)).code).toBe('invalid-picture');
    }
  });

  it('may have something behind its end, but not only a preview before it', () => {
    const bytes = jpg(gradient(24, 9));
    const longer = Uint8Array.from([...bytes, 0xd9, 1, 2, 3]);
    expect(decodePicture(longer, 'x').data).toEqual(decodePicture(bytes, 'x').data);
    const preview = withExif(bytes, 0xffd9, false);
    expect(decodePicture(preview, 'x').data).toEqual(decodePicture(bytes, 'x').data);
    expect(refusal(preview.slice(0, -2)).message).toBe("picture 'x': the JPEG file is damaged: its data ends early");
  });

  it('is read or refused whatever is broken in it, and nothing else', () => {
    const files = [png(gradient(7, 5)), jpg(gradient(24, 9)), withExif(jpg(gradient(8, 8)), 6, true)];
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), fc.nat(255), (bytes, place, value) => {
        const broken = bytes.slice();
        broken[place % broken.length] = value;
        try {
          const { width, height, data } = decodePicture(broken, 'x');
          expect(data.length).toBe(4 * width * height);
        } catch (error) {
          if (!(error instanceof NnpackError)) throw error;
        }
      }),
      { numRuns: 500 * RUNS },
    );
  });

  it('is refused before it is decoded when it claims to be huge', () => {
    const claim = (bytes: Uint8Array, width: number, height: number) => {
      const claimed = bytes.slice();
      const view = new DataView(claimed.buffer);
      if (claimed[0] === 0x89) {
        view.setUint32(16, width);
        view.setUint32(20, height);
      } else {
        const frame = claimed.findIndex((byte, i) => byte === 0xff && claimed[i + 1] === 0xc0);
        view.setUint16(frame + 5, height);
        view.setUint16(frame + 7, width);
      }
      return refusal(claimed);
    };
    const small = gradient(8, 8);
    expect(claim(png(small), 100_000, 100_000)).toMatchObject({
      code: 'unsupported-input-size',
      message: `picture 'x': expected at most ${MAX_PIXELS} pixels, got 100000 × 100000`,
    });
    expect(claim(png(small), 2 ** 32 - 1, 2 ** 32 - 1).code).toBe('unsupported-input-size');
    expect(claim(jpg(small), 65535, 65535).code).toBe('unsupported-input-size');
    expect(claim(png(small), 0, 8).message).toBe("picture 'x': expected at least one pixel, got 0 × 8");
    expect(claim(jpg(small), 8, 0).code).toBe('invalid-picture');
  });
});

describe('writePng', () => {
  it('replaces what was there, and leaves nothing else behind', async () => {
    const path = join(folder, 'a.png');
    await writeFile(path, 'old');
    await writePng(path, gradient(3, 2));
    expect(await readdir(folder)).toEqual(['a.png']);
    expect((await readPicture(path)).width).toBe(3);
  });

  it('leaves everything as it was when it fails', async () => {
    await mkdir(join(folder, 'taken/inside'), { recursive: true });
    const error = await writePng(join(folder, 'taken'), gradient(3, 2)).catch((e) => e);
    expect(error).toBeInstanceOf(NnpackError);
    expect(error.code).toBe('input-output');
    expect(await readdir(folder)).toEqual(['taken']);
    await expect(writePng(join(folder, 'none/a.png'), gradient(3, 2))).rejects.toMatchObject({ code: 'input-output' });
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('does not touch a file of the name it would use in between', async () => {
    const path = join(folder, 'a.png');
    const between = `${path}.${process.pid}.part`;
    await writeFile(between, "somebody else's");
    await expect(writePng(path, gradient(3, 2))).rejects.toMatchObject({ code: 'input-output' });
    expect(await readFile(between, 'utf8')).toBe("somebody else's");
    expect(await readdir(folder)).toEqual([`a.png.${process.pid}.part`]);
  });

  it('refuses pixels that do not fill the picture', async () => {
    const path = join(folder, 'a.png');
    const picture = { width: 3, height: 3, data: new Uint8Array(24) };
    await expect(writePng(path, picture)).rejects.toThrow('has 24 bytes, expected 36 (3 × 3 RGBA)');
    expect(await readdir(folder)).toEqual([]);
  });
});

/** The JPEG with an EXIF segment after its first marker: two entries, the second of them the orientation. */
function withExif(bytes: Uint8Array, orientation: number, little: boolean): Uint8Array {
  const segment = new Uint8Array(2 + 2 + 6 + 8 + 2 + 24 + 4);
  const view = new DataView(segment.buffer);
  view.setUint16(0, 0xffe1);
  view.setUint16(2, segment.length - 2);
  segment.set(new TextEncoder().encode('Exif'), 4);
  const tiff = 10;
  view.setUint16(tiff, little ? 0x4949 : 0x4d4d);
  view.setUint16(tiff + 2, 42, little);
  view.setUint32(tiff + 4, 8, little);
  view.setUint16(tiff + 8, 2, little);
  const entries = [
    [0x010f, 7],
    [0x0112, orientation],
  ];
  entries.forEach(([tag, value], i) => {
    const at = tiff + 10 + 12 * i;
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, 3, little);
    view.setUint32(at + 4, 1, little);
    view.setUint16(at + 8, value, little);
  });
  return Uint8Array.from([...bytes.slice(0, 2), ...segment, ...bytes.slice(2)]);
}
