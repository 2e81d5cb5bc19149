/** The phases of the fast-convolution frame, as steps: each runs on any thread, from numbers alone. */
import type { TileTransform } from '../kernels/table.ts';
import { TILE_NAMES } from '../maths/tiles.ts';
import { defineStep, type Thread } from '../threads/step.ts';
import { activate } from './activate.ts';
import { copyPhase, splitKernels } from './phases.ts';

const TRANSFORM = ['tileName', 'r', 's'] as const;
const PHASES = ['phaseHeight', 'phaseWidth'] as const;
const PLACE = ['tilesX', 'tilesY', 'firstRow', 'patch', 'patchFloats', 'gridHeight', 'gridWidth'] as const;

export function tileOf(thread: Thread, p: { tileName: number; r: number; s: number }): TileTransform {
  return thread.kernels.tile(TILE_NAMES[p.tileName], p.r, p.s);
}

/** Where a row of tiles lies: its image, the grid of that image, and its place among the rows of tiles of the grid. */
interface RowOfTiles {
  readonly image: number;
  readonly gridRow: number;
  readonly gridColumn: number;
  readonly tileRow: number;
}

/** The place of row `row` of a block's tiles. */
export function rowOfTiles(
  p: { firstRow: number; tilesY: number; gridHeight: number; gridWidth: number },
  row: number,
): RowOfTiles {
  const part = Math.floor((p.firstRow + row) / p.tilesY);
  const image = Math.floor(part / (p.gridHeight * p.gridWidth));
  const grid = part - image * p.gridHeight * p.gridWidth;
  const gridRow = Math.floor(grid / p.gridWidth);
  return { image, gridRow, gridColumn: grid - gridRow * p.gridWidth, tileRow: p.firstRow + row - part * p.tilesY };
}

/** The parameters of a kernel transform; U is a matrix for each position and group, with rows uPitch apart. */
export const KERNEL = [
  ...TRANSFORM,
  ...PHASES,
  'tapStepHeight',
  'tapStepWidth',
  'kernelHeight',
  'kernelWidth',
  'groupK',
  'groupC',
  'g',
  'itemKernels',
  'split',
  'splitChannels',
  'splitFloats',
  'u',
  'uPosition',
  'uGroup',
  'uPitch',
] as const;

/**
 * U[k, c] = G g Gᵀ for output channels i …: g is (K, C / groups, R, S), and its phases are r × s. Where there are several,
 * kernels are split in a place that belongs to the item, `splitChannels` at a time.
 */
export const kernelStep = defineStep('fast-convolution kernel transform', KERNEL, (thread, p, i, _j, iCount) => {
  const tile = tileOf(thread, p);
  const taps = p.kernelHeight * p.kernelWidth;
  const phases = p.phaseHeight * p.phaseWidth;
  const split = p.split + Math.floor(i / p.itemKernels) * p.splitFloats;
  for (let k = i; k < i + iCount; k++) {
    const group = Math.floor(k / p.groupK);
    const u = p.u + group * p.uGroup + (k - group * p.groupK) * p.uPitch;
    const g = p.g + k * p.groupC * taps;
    if (phases === 1) {
      tile.kernel(p.groupC, g, taps, u, 1, p.uPosition);
      continue;
    }
    for (let c = 0; c < p.groupC; c += p.splitChannels) {
      const channels = Math.min(p.splitChannels, p.groupC - c);
      splitKernels(thread, p, channels, g + c * taps, taps, p.r, p.s, split);
      tile.kernel(channels * phases, split, p.r * p.s, u + c * phases, 1, p.uPosition);
    }
  }
});

/** The parameters of an input transform; V is a matrix for each position and group, with rows vPitch apart. */
export const INPUT = [
  ...TRANSFORM,
  ...PLACE,
  ...PHASES,
  'strideHeight',
  'strideWidth',
  'dilationHeight',
  'dilationWidth',
  'stepHeight',
  'stepWidth',
  'x',
  'channels',
  'groupC',
  'height',
  'width',
  'top',
  'left',
  'v',
  'vPosition',
  'vGroup',
  'vPitch',
] as const;

/**
 * V[c, t] = Bᵀ d B for input channels i … (of several phases: for those of channels) and rows of tiles j … of the block:
 * x is (N, C, H, W).
 */
export const inputStep = defineStep('fast-convolution input transform', INPUT, (thread, p, i, j, iCount, jCount) => {
  const tile = tileOf(thread, p);
  const patch = p.patch + thread.index * p.patchFloats;
  const phases = p.phaseHeight * p.phaseWidth;
  const isApart = p.stepHeight * p.stepWidth > 1;
  // Tiles [inner, outer) of a row read no padding to their left or right.
  const inner = Math.min(p.tilesX, Math.ceil(p.left / tile.outputWidth));
  const reach = p.width - tile.width + p.left;
  const outer = Math.max(inner, Math.min(p.tilesX, reach < 0 ? 0 : Math.floor(reach / tile.outputWidth) + 1));
  for (let row = j; row < j + jCount; row++) {
    const { image, gridRow, gridColumn, tileRow } = rowOfTiles(p, row);
    const y = tileRow * tile.outputHeight * p.stepHeight + gridRow * p.strideHeight - p.top;
    const left = gridColumn * p.strideWidth - p.left;
    const isInside = y >= 0 && y + tile.height <= p.height;
    for (let c = i; c < i + iCount; c++) {
      const channel = Math.floor(c / phases);
      const a = Math.floor((c - channel * phases) / p.phaseWidth);
      const b = c - channel * phases - a * p.phaseWidth;
      const plane = p.x + (image * p.channels + channel) * p.height * p.width;
      const group = Math.floor(c / p.groupC);
      const v = p.v + group * p.vGroup + (c - group * p.groupC) * p.vPitch + row * p.tilesX;
      const padded = (first: number, count: number): void => {
        if (count <= 0) return;
        const x = first * tile.outputWidth * p.stepWidth + left;
        const columns = (count - 1) * tile.outputWidth + tile.width;
        copyPhase(thread, p, plane, y + a * p.dilationHeight, x + b * p.dilationWidth, tile.height, columns, patch);
        tile.input(count, patch, columns, tile.outputWidth, v + first, 1, p.vPosition);
      };
      if (tile.wholeRows || isApart || !isInside) {
        padded(0, p.tilesX);
        continue;
      }
      padded(0, inner);
      if (outer > inner) {
        const d = plane + y * p.width + inner * tile.outputWidth - p.left;
        tile.input(outer - inner, d, p.width, tile.outputWidth, v + inner, 1, p.vPosition);
      }
      padded(outer, p.tilesX - outer);
    }
  }
});

/**
 * M[k, t] = Σ_c U[k, c] · V[c, t], or M[t, k] = Σ_c V[t, c] · U[c, k] with U in panels of `panel` columns, for positions ×
 * groups i …, starting from the bias at the positions that carry it.
 */
export const multiplyStep = defineStep(
  'fast-convolution multiplication',
  [
    ...TRANSFORM,
    'groups',
    'groupK',
    'groupC',
    'tiles',
    'panel',
    'bias',
    'u',
    'uPosition',
    'uGroup',
    'uPitch',
    'v',
    'vPosition',
    'vGroup',
    'vPitch',
    'm',
    'mPosition',
    'mGroup',
    'mPitch',
  ],
  (thread, p, i, _j, iCount) => {
    const tile = tileOf(thread, p);
    const { kernels } = thread;
    for (let product = i; product < i + iCount; product++) {
      const position = Math.floor(product / p.groups);
      const group = product - position * p.groups;
      const u = p.u + position * p.uPosition + group * p.uGroup;
      const v = p.v + position * p.vPosition + group * p.vGroup;
      const m = p.m + position * p.mPosition + group * p.mGroup;
      const scale = p.bias === 0 ? undefined : tile.biasScales.get(position);
      const update = scale === undefined ? 0 : 1;
      const takesAll = position === tile.biasPosition;
      const { f32 } = thread.memory;
      const bias = p.bias + group * p.groupK;
      if (p.panel === 0) {
        if (scale !== undefined) {
          for (let k = 0; k < p.groupK; k++) {
            kernels.fill(p.tiles, m + k * p.mPitch, startOf(f32[bias + k], scale, takesAll));
          }
        }
        kernels.sgemm(p.groupK, p.tiles, p.groupC, u, p.uPitch, v, p.vPitch, m, p.mPitch, update);
      } else {
        if (scale !== undefined) {
          for (let k = 0; k < p.groupK; k++) f32[m + k] = startOf(f32[bias + k], scale, takesAll);
          kernels.copyRows(p.tiles - 1, p.groupK, m, 0, 1, m + p.mPitch, p.mPitch);
        }
        for (let k = 0; k < p.groupK; k += p.panel) {
          const columns = Math.min(p.panel, p.groupK - k);
          kernels.sgemm(p.tiles, columns, p.groupC, v, p.vPitch, u + k * p.groupC, p.uPitch, m + k, p.mPitch, update);
        }
      }
    }
  },
);

/**
 * What the sums of a position start at, of a channel whose bias is b. What is not finite starts one position alone, as it would
 * meet itself with another sign.
 */
function startOf(b: number, scale: number, takesAll: boolean): number {
  if (Number.isFinite(b)) return b * scale;
  return takesAll ? b : 0;
}

/** The parameters of an output transform; M is a matrix for each position and group, with rows mPitch apart. */
export const OUTPUT = [
  ...TRANSFORM,
  ...PLACE,
  'outputStepHeight',
  'outputStepWidth',
  'y',
  'channels',
  'groupK',
  'height',
  'width',
  'slope',
  'low',
  'high',
  'm',
  'mPosition',
  'mGroup',
  'mPitch',
] as const;

interface OutputPlane {
  readonly firstRow: number;
  readonly tilesY: number;
  readonly gridHeight: number;
  readonly gridWidth: number;
  readonly outputStepHeight: number;
  readonly outputStepWidth: number;
  readonly height: number;
  readonly width: number;
}

/** What a row of tiles gives: outputs of its grid from `first` on in a plane, without those beyond the edge. */
interface RowOfOutputs {
  readonly image: number;
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
}

export function rowOfOutputs(p: OutputPlane, { outputHeight }: TileTransform, row: number): RowOfOutputs {
  const { image, gridRow, gridColumn, tileRow } = rowOfTiles(p, row);
  const top = gridRow + tileRow * outputHeight * p.outputStepHeight;
  // The last row of tiles of a grid that is a row shorter than others may give nothing.
  const rows = Math.max(0, Math.min(outputHeight, Math.ceil((p.height - top) / p.outputStepHeight)));
  const columns = Math.ceil((p.width - gridColumn) / p.outputStepWidth);
  return { image, first: top * p.width + gridColumn, rows, columns };
}

/** y = Aᵀ M[k, t] A and the activation, for output channels i … and rows of tiles j … of the block: y is (N, K, H′, W′). */
export const outputStep = defineStep('fast-convolution output transform', OUTPUT, (thread, p, i, j, iCount, jCount) => {
  const tile = tileOf(thread, p);
  const patch = p.patch + thread.index * p.patchFloats;
  const isApart = p.outputStepHeight * p.outputStepWidth > 1;
  const pitch = p.tilesX * tile.outputWidth;
  const [yPitch, yStep] = [p.outputStepHeight * p.width, p.outputStepWidth];
  for (let row = j; row < j + jCount; row++) {
    const { image, first, rows, columns } = rowOfOutputs(p, tile, row);
    const whole = rows === tile.outputHeight ? Math.floor(p.width / tile.outputWidth) : 0;
    for (let k = i; k < i + iCount; k++) {
      const group = Math.floor(k / p.groupK);
      const m = p.m + group * p.mGroup + (k - group * p.groupK) * p.mPitch + row * p.tilesX;
      const y = p.y + (image * p.channels + k) * p.height * p.width + first;
      if (tile.wholeRows || isApart) {
        tile.output(p.tilesX, m, 1, p.mPosition, patch, pitch, tile.outputWidth);
        thread.kernels.clampRows(rows, columns, patch, pitch, y, yPitch, yStep, p.slope, p.low, p.high);
        continue;
      }
      if (whole > 0) tile.output(whole, m, 1, p.mPosition, y, p.width, tile.outputWidth);
      if (whole < p.tilesX) {
        // Tiles that overhang the output go through a patch, whose inside alone is kept.
        const columns = (p.tilesX - whole) * tile.outputWidth;
        const x = whole * tile.outputWidth;
        tile.output(p.tilesX - whole, m + whole, 1, p.mPosition, patch, columns, tile.outputWidth);
        thread.kernels.copyRows(rows, p.width - x, patch, columns, 1, y + x, p.width);
      }
      activate(thread.kernels, rows * p.width, y, p.slope, p.low, p.high);
    }
  }
});
