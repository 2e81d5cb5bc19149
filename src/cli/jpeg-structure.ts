/**
 * The structure of a JPEG file: segments (FF, marker, length, contents), and after each scan header the coded pixels, in
 * which FF 00 stands for FF and restart markers may stand. The walk keeps the tables, the one frame header and the scans,
 * so that the decoder gets nothing that has not been looked at: no second header, no preview, nothing behind the end.
 */
import { type Frame, paddedRows, readFrame, readScan, type Scan } from './jpeg-frame.ts';
import { exifOrientation } from './orientation.ts';
import { damaged, type PictureFile, unsupported } from './picture-file.ts';

/** libjpeg writes 10 at most, and optimisers some 20; each costs a pass over the whole picture, however short it is. */
const MOST_SCANS = 100;

const [DHT, DAC, SOI, EOI, SOS, DQT, DRI, DHP] = [0xc4, 0xcc, 0xd8, 0xd9, 0xda, 0xdb, 0xdd, 0xde];
const [RST0, RST7, APP0, APP1, APP14, TEM, JPEG_LS] = [0xd0, 0xd7, 0xe0, 0xe1, 0xee, 0x01, 0xf7];

export interface JpegStructure {
  readonly frame: Frame;
  readonly isRgb: boolean;
  /** 1 to 8, as Exif has it. */
  readonly orientation: number;
  /** The file without what does not make the picture. */
  readonly clean: Uint8Array;
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

export function walkJpeg(bytes: Uint8Array, file: PictureFile): JpegStructure {
  return new Walk(bytes, file).run();
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly #file: PictureFile;
  #at = 2;
  readonly #kept: Uint8Array[] = [];
  #frame: Frame | null = null;
  #scans = 0;
  #restartInterval = 0;
  readonly #quantisation = new Set<number>();
  #hasJfif = false;
  /** null without Adobe's segment. */
  #adobeTransform: number | null = null;
  #orientation: number | null = null;

  constructor(bytes: Uint8Array, file: PictureFile) {
    this.#bytes = bytes;
    this.#file = file;
    this.#kept.push(bytes.subarray(0, 2));
  }

  run(): JpegStructure {
    for (let marker = this.#marker(); marker !== EOI; marker = this.#marker()) this.#segment(marker);
    const frame = this.#frame;
    if (frame === null) throw damaged(this.#file, 'it has no frame header');
    if (frame.components.some(({ scans }) => scans === 0)) {
      throw damaged(this.#file, this.#scans === 0 ? 'it has no scan' : 'it has no scan of one of its components');
    }
    this.#kept.push(Uint8Array.of(0xff, EOI));
    const [start, ...rest] = this.#kept;
    const clean = Buffer.concat([start, this.#colours(frame), ...rest]);
    return { frame, isRgb: this.#isRgb(frame), orientation: this.#orientation ?? 1, clean };
  }

  /** The next marker, with what is no marker skipped, as libjpeg does. */
  #marker(): number {
    const bytes = this.#bytes;
    let at = bytes.indexOf(0xff, this.#at);
    while (at !== -1 && bytes[at + 1] === 0x00) at = bytes.indexOf(0xff, at + 2);
    while (at !== -1 && bytes[at + 1] === 0xff) at++;
    if (at === -1 || at + 1 >= bytes.length) throw this.#endsEarly();
    this.#at = at + 2;
    return bytes[at + 1];
  }

  #endsEarly(): Error {
    const where = this.#frame === null ? 'before its header does' : 'early';
    return damaged(this.#file, `its data ends ${where}`);
  }

  #segment(marker: number): void {
    if ((marker >= RST0 && marker <= RST7) || marker === TEM) return;
    if (marker === SOI) throw damaged(this.#file, 'it begins twice');
    const start = this.#at - 2;
    const end = this.#at + 256 * this.#bytes[this.#at] + this.#bytes[this.#at + 1];
    if (!(end <= this.#bytes.length)) throw this.#endsEarly();
    if (end < this.#at + 2) throw damaged(this.#file, 'a segment has no length');
    const contents = this.#bytes.subarray(this.#at + 2, end);
    this.#at = end;
    if (this.#isKept(marker, contents)) this.#kept.push(this.#bytes.subarray(start, end));
    if (marker === SOS) this.#scan(contents);
  }

  /** Whether the segment makes the picture; takes note of what it says. */
  #isKept(marker: number, contents: Uint8Array): boolean {
    const isFrame = (marker & 0xf0) === 0xc0 && marker !== DHT && marker !== 0xc8 && marker !== DAC;
    if (isFrame) {
      if (this.#frame !== null) throw damaged(this.#file, 'it has a second frame header, expected one');
      this.#frame = readFrame(marker, contents, this.#file);
      return true;
    }
    if (marker === DHP) throw unsupported(this.#file, 'one frame', 'a hierarchy of frames');
    if (marker === JPEG_LS) throw unsupported(this.#file, 'a JPEG frame', 'a JPEG-LS frame');
    if (marker === DHT) this.#checkHuffman(contents);
    if (marker === DQT) this.#noteQuantisation(contents);
    if (marker === DRI) {
      if (contents.length !== 2) throw damaged(this.#file, 'its restart interval is no number');
      this.#restartInterval = 256 * contents[0] + contents[1];
    }
    if (this.#scans === 0) this.#noteApplication(marker, contents);
    return [DHT, DQT, DRI, SOS].includes(marker);
  }

  #noteApplication(marker: number, contents: Uint8Array): void {
    if (marker === APP0 && contents.length >= 12 && startsWith(contents, 'JFIF\0')) this.#hasJfif = true;
    if (marker === APP14 && contents.length >= 12 && startsWith(contents, 'Adobe')) this.#adobeTransform = contents[11];
    // other segments, such as XMP, have the marker of Exif too
    if (marker === APP1) this.#orientation ??= exifOrientation(contents);
  }

  /** Each table: its number, how many codes of each of 16 lengths, and their values. */
  #checkHuffman(contents: Uint8Array): void {
    let at = 0;
    while (at < contents.length) at += 17 + contents.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    if (at !== contents.length) throw damaged(this.#file, 'a Huffman table ends early');
  }

  /** Each table: bytes a number and the table's own number, and 64 numbers. */
  #noteQuantisation(contents: Uint8Array): void {
    let at = 0;
    while (at < contents.length) {
      const [bytes, id] = [contents[at] >> 4, contents[at] & 15];
      if (bytes > 1) throw damaged(this.#file, 'a quantisation table is of no known kind');
      // jpeg-js uses the last table for all; the standard, for each component the one that stood there at its first scan
      const isUsed = this.#frame?.components.some(({ quantisation, scans }) => quantisation === id && scans > 0);
      if (isUsed) throw unsupported(this.#file, 'one', 'several quantisation tables for one component');
      this.#quantisation.add(id);
      at += 1 + 64 * (1 + bytes);
    }
    if (at !== contents.length) throw damaged(this.#file, 'a quantisation table ends early');
  }

  #scan(contents: Uint8Array): void {
    const frame = this.#frame;
    if (frame === null) throw damaged(this.#file, 'a scan comes before the frame header');
    if (++this.#scans > MOST_SCANS) throw unsupported(this.#file, `at most ${MOST_SCANS}`, 'more scans');
    const scan = readScan(contents, frame, this.#file);
    if (scan.components.some(({ quantisation }) => !this.#quantisation.has(quantisation))) {
      throw damaged(this.#file, 'a scan comes before its quantisation table');
    }
    const restarts = this.#codedPixels();
    const interval = this.#restartInterval;
    const expected = interval === 0 ? 0 : Math.ceil(scan.units / interval) - 1;
    if (restarts < expected) throw damaged(this.#file, `a scan has ${restarts} restart markers, expected ${expected}`);
    this.#checkLastInterval(scan, frame);
  }

  /** Keeps all up to the next marker that is no restart; FF that only fill are left out. Returns the number of restarts. */
  #codedPixels(): number {
    const bytes = this.#bytes;
    let from = this.#at;
    let restarts = 0;
    for (let at = bytes.indexOf(0xff, from); ; at = bytes.indexOf(0xff, at)) {
      if (at === -1 || at + 1 >= bytes.length) throw this.#endsEarly();
      const next = bytes[at + 1];
      if (next === 0xff) {
        this.#kept.push(bytes.subarray(from, at));
        at += 1;
        from = at;
      } else if (next === 0) at += 2;
      else if (next >= RST0 && next <= RST7) {
        if (next !== RST0 + (restarts % 8)) throw damaged(this.#file, 'a restart marker is out of order');
        restarts++;
        at += 2;
      } else {
        this.#kept.push(bytes.subarray(from, at));
        this.#at = at;
        return restarts;
      }
    }
  }

  /**
   * jpeg-js decodes a scan of one component in whole intervals, also where the last one is shorter. What it finds below
   * the component it leaves out, but it would take the rows that pad a component for pixels.
   */
  #checkLastInterval({ components, units }: Scan, frame: Frame): void {
    if (components.length > 1 || this.#restartInterval === 0 || units % this.#restartInterval === 0) return;
    if (paddedRows(components[0], frame) > 0) {
      const got = `a scan of one component in ${units} blocks with a restart after every ${this.#restartInterval}`;
      throw unsupported(this.#file, 'restarts that divide them', got);
    }
  }

  /** Adobe's segment where jpeg-js needs it: of four colours, whose transform it tells. */
  #colours({ components }: Frame): Uint8Array {
    if (components.length !== 4) return new Uint8Array();
    const transform = this.#adobeTransform;
    const expected = "Adobe's segment, which says whether they are CMYK";
    if (transform === null) throw unsupported(this.#file, expected, 'four colours without it');
    return Uint8Array.of(0xff, APP14, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform);
  }

  /** As libjpeg decides it: JFIF has YCbCr alone, then Adobe's segment counts, and last the components' names. */
  #isRgb({ components }: Frame): boolean {
    if (components.length !== 3 || this.#hasJfif) return false;
    if (this.#adobeTransform !== null) return this.#adobeTransform === 0;
    return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB';
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}
