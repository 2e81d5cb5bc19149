/** The frame header and the scan headers of a JPEG file: read, and held against what jpeg-js decodes rightly. */
import { checkSize, damaged, type PictureFile, unsupported } from './picture-file.ts';

export interface Component {
  readonly id: number;
  /** How finely it is sampled, 1 to 4: of two components, the one of 2 has twice as many samples as the one of 1. */
  readonly across: number;
  readonly down: number;
  readonly quantisation: number;
  /** How many scans with the component's coarsest part have come: its samples, or their means where it is progressive. */
  scans: number;
}

export interface Frame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

const EXPECTED_CODING = 'Huffman-coded baseline, extended or progressive frames';

/** SOF0 to SOF15 by the low half of the marker. Those of hierarchical files are differential; 4, 8 and 12 are no frames. */
const CODINGS: ReadonlyMap<number, string> = new Map([
  [3, 'a lossless frame'],
  [5, 'a hierarchical frame'],
  [6, 'a hierarchical frame'],
  [7, 'a hierarchical frame'],
  [9, 'an arithmetic-coded frame'],
  [10, 'an arithmetic-coded frame'],
  [11, 'a lossless, arithmetic-coded frame'],
  [13, 'a hierarchical, arithmetic-coded frame'],
  [14, 'a hierarchical, arithmetic-coded frame'],
  [15, 'a hierarchical, arithmetic-coded frame'],
]);

/** `contents` is bits a sample, height, width, components; then each one's id, sampling and quantisation table. */
export function readFrame(marker: number, contents: Uint8Array, file: PictureFile): Frame {
  const coding = CODINGS.get(marker & 15);
  if (coding !== undefined) throw unsupported(file, EXPECTED_CODING, coding);
  const [bits, heightHigh, heightLow, widthHigh, widthLow, count] = contents;
  if (contents.length < 6 || contents.length !== 6 + 3 * count) {
    throw damaged(file, `its frame header has ${contents.length} bytes, expected ${6 + 3 * (count ?? 0)}`);
  }
  const [width, height] = [256 * widthHigh + widthLow, 256 * heightHigh + heightLow];
  checkSize(file, width, height);
  if (bits !== 8) throw unsupported(file, '8', `${bits} bits a sample`);
  if (count !== 1 && count !== 3 && count !== 4) throw unsupported(file, '1, 3 or 4', `${count} components`);
  const components = Array.from({ length: count }, (_, i): Component => {
    const [id, sampling, quantisation] = contents.subarray(6 + 3 * i);
    return { id, across: sampling >> 4, down: sampling & 15, quantisation, scans: 0 };
  });
  checkComponents(components, file);
  return { progressive: (marker & 15) === 2, width, height, components };
}

function checkComponents(components: readonly Component[], file: PictureFile): void {
  if (new Set(components.map(({ id }) => id)).size < components.length) {
    throw damaged(file, 'two of its components have the same number');
  }
  const [mostAcross, mostDown] = mostSamples(components);
  for (const { across, down } of components) {
    if (Math.min(across, down) < 1 || Math.max(across, down) > 4) {
      throw damaged(file, `it has a component sampled ${across} × ${down}, expected 1 to 4`);
    }
    if (mostAcross % across !== 0 || mostDown % down !== 0) {
      const got = `components sampled ${mostAcross} × ${mostDown} and ${across} × ${down}`;
      throw unsupported(file, 'one to be whole times the other', got);
    }
  }
}

export function mostSamples(components: readonly Component[]): readonly [number, number] {
  return [Math.max(...components.map(({ across }) => across)), Math.max(...components.map(({ down }) => down))];
}

export interface Scan {
  readonly components: readonly Component[];
  /** The parts of a scan that restart markers may stand between: blocks of one component, or of all together. */
  readonly units: number;
}

/** `contents` is the number of components, each one's id and tables; then first and last coefficient, bits before, bits. */
export function readScan(contents: Uint8Array, frame: Frame, file: PictureFile): Scan {
  const count = contents[0] ?? 0;
  if (count < 1 || contents.length !== 4 + 2 * count) {
    throw damaged(file, `a scan header has ${contents.length} bytes, expected ${4 + 2 * count}`);
  }
  const components = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find(({ id }) => id === contents[1 + 2 * i]);
    if (component === undefined)
      throw damaged(file, `it has a scan of the component ${contents[1 + 2 * i]}, which it has not`);
    return component;
  });
  if (new Set(components).size < count) throw damaged(file, 'a scan has the same component twice');
  const [first, last, bits] = contents.subarray(1 + 2 * count);
  const isCoarsest = !frame.progressive || (first === 0 && bits >> 4 === 0);
  if (frame.progressive) checkProgression(count, first, last, bits >> 4, bits & 15, file);
  for (const component of components) {
    if (isCoarsest) component.scans++;
    else if (component.scans === 0) throw damaged(file, 'a finer scan comes before the coarsest one');
    if (!frame.progressive && component.scans > 1) throw damaged(file, 'it has two scans of the same component');
  }
  return { components, units: units(components, frame) };
}

function checkProgression(
  components: number,
  first: number,
  last: number,
  before: number,
  bits: number,
  file: PictureFile,
): void {
  const isBand = first === 0 ? last === 0 : components === 1 && first <= last && last < 64;
  if (!isBand || bits > 13 || (before !== 0 && before !== bits + 1)) {
    throw damaged(file, `it has a scan of the coefficients ${first} to ${last}, bits ${before} to ${bits}`);
  }
}

function units(components: readonly Component[], { width, height, components: all }: Frame): number {
  const [mostAcross, mostDown] = mostSamples(all);
  const [across, down] = components.length === 1 ? [components[0].across, components[0].down] : [1, 1];
  return Math.ceil((width * across) / (8 * mostAcross)) * Math.ceil((height * down) / (8 * mostDown));
}

/** Blocks at the lower edge that a component is padded with where it is scanned together with others. */
export function paddedRows(component: Component, { height, components }: Frame): number {
  const [, mostDown] = mostSamples(components);
  const rows = Math.ceil((height * component.down) / (8 * mostDown));
  return Math.ceil(height / (8 * mostDown)) * component.down - rows;
}
