/** The four phases of the fast-convolution frame, as steps: each runs on any thread, from numbers alone. */
import { TILE_NAMES } from '../kernels/table.ts';
import { defineStep, type Thread } from '../threads/step.ts';
import { activate } from './activate.ts';

const TRANSFORM = ['tileName', 'r', 's'] as const;
const PLACE = ['tilesX', 'tilesY', 'firstRow', 'patch', 'patchFloats'] as const;

function tileOf(thread: Thread, p: { tileName: number; r: number; s: number }) {
  return thread.kernels.tile(TILE_NAMES[p.tileName], p.r, p.s);
}

/** U = G g Gᵀ for output channels i …: g is (K, C / groups, R, S). */
export const kernelStep = defineStep(
  'fast-convolution kernel transform',
  [...TRANSFORM, 'groupK', 'groupC', 'g', 'u', 'uPosition', 'uGroup', 'uChannel', 'uKernel'],
  (thread, p, i, _j, iCount) => {
    const tile = tileOf(thread, p);
    const taps = p.r * p.s;
    for (let k = i; k < i + iCount; k++) {
      const group = Math.floor(k / p.groupK);
      const u = p.u + group * p.uGroup + (k - group * p.groupK) * p.uKernel;
      tile.kernel(p.groupC, p.g + k * p.groupC * taps, taps, u, p.uChannel, p.uPosition);
    }
  },
);

/** V = Bᵀ d B for input channels i … and rows of tiles j … of the block: x is (N, C, H, W). */
export const inputStep = defineStep(
  'fast-convolution input transform',
  [
    ...TRANSFORM,
    ...PLACE,
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
    'vChannel',
    'vTile',
  ],
  (thread, p, i, j, iCount, jCount) => {
    const tile = tileOf(thread, p);
    const patch = p.patch + thread.index * p.patchFloats;
    // Tiles [inner, outer) of a row read no padding to their left or right.
    const inner = Math.min(p.tilesX, Math.ceil(p.left / tile.outputWidth));
    const reach = p.width - tile.width + p.left;
    const outer = Math.max(inner, Math.min(p.tilesX, reach < 0 ? 0 : Math.floor(reach / tile.outputWidth) + 1));
    for (let row = j; row < j + jCount; row++) {
      const image = Math.floor((p.firstRow + row) / p.tilesY);
      const y = (p.firstRow + row - image * p.tilesY) * tile.outputHeight - p.top;
      const isInside = y >= 0 && y + tile.height <= p.height;
      for (let c = i; c < i + iCount; c++) {
        const plane = p.x + (image * p.channels + c) * p.height * p.width;
        const group = Math.floor(c / p.groupC);
        const v = p.v + group * p.vGroup + (c - group * p.groupC) * p.vChannel + row * p.tilesX * p.vTile;
        const padded = (first: number, count: number): void => {
          if (count <= 0) return;
          const x = first * tile.outputWidth - p.left;
          const columns = (count - 1) * tile.outputWidth + tile.width;
          copyPadded(thread, plane, p.height, p.width, y, x, tile.height, columns, patch);
          tile.input(count, patch, columns, tile.outputWidth, v + first * p.vTile, p.vTile, p.vPosition);
        };
        if (tile.wholeRows || !isInside) {
          padded(0, p.tilesX);
          continue;
        }
        padded(0, inner);
        if (outer > inner) {
          const d = plane + y * p.width + inner * tile.outputWidth - p.left;
          tile.input(outer - inner, d, p.width, tile.outputWidth, v + inner * p.vTile, p.vTile, p.vPosition);
        }
        padded(outer, p.tilesX - outer);
      }
    }
  },
);

/** Copies rows × columns of a plane from (y, x) on, which may lie outside, with zeros for what is not there. */
function copyPadded(
  thread: Thread,
  plane: number,
  height: number,
  width: number,
  y: number,
  x: number,
  rows: number,
  columns: number,
  to: number,
): void {
  thread.kernels.fill(rows * columns, to, 0);
  const top = Math.max(0, -y);
  const left = Math.max(0, -x);
  const copiedRows = Math.min(rows, height - y) - top;
  const copiedColumns = Math.min(columns, width - x) - left;
  if (copiedRows <= 0 || copiedColumns <= 0) return;
  const from = plane + (y + top) * width + x + left;
  thread.kernels.copyRows(copiedRows, copiedColumns, from, width, 1, to + top * columns + left, columns);
}

/** M = U · V for positions × groups i …, starting from the bias at the position that carries it. */
export const multiplyStep = defineStep(
  'fast-convolution multiplication',
  [
    ...TRANSFORM,
    'groups',
    'groupK',
    'groupC',
    'tiles',
    'streamsTiles',
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
      const startsAtBias = p.bias !== 0 && position === tile.biasPosition;
      const update = startsAtBias ? 1 : 0;
      if (p.streamsTiles === 1) {
        if (startsAtBias) {
          const { f32 } = thread.memory;
          const bias = p.bias + group * p.groupK;
          for (let k = 0; k < p.groupK; k++) kernels.fill(p.tiles, m + k * p.mPitch, f32[bias + k] * tile.biasScale);
        }
        // M[k, t] = Σ_c U[k, c] · V[c, t]
        kernels.sgemm(p.groupK, p.tiles, p.groupC, u, p.uPitch, v, p.vPitch, m, p.mPitch, update);
      } else {
        if (startsAtBias) {
          for (let t = 0; t < p.tiles; t++) {
            kernels.scaleShift(p.groupK, p.bias + group * p.groupK, m + t * p.mPitch, tile.biasScale, 0);
          }
        }
        // M[t, k] = Σ_c V[t, c] · U[c, k]
        kernels.sgemm(p.tiles, p.groupK, p.groupC, v, p.vPitch, u, p.uPitch, m, p.mPitch, update);
      }
    }
  },
);

/** y = Aᵀ M A and the activation, for output channels i … and rows of tiles j … of the block: y is (N, K, H′, W′). */
export const outputStep = defineStep(
  'fast-convolution output transform',
  [
    ...TRANSFORM,
    ...PLACE,
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
    'mChannel',
    'mTile',
  ],
  (thread, p, i, j, iCount, jCount) => {
    const tile = tileOf(thread, p);
    const patch = p.patch + thread.index * p.patchFloats;
    for (let row = j; row < j + jCount; row++) {
      const image = Math.floor((p.firstRow + row) / p.tilesY);
      const top = (p.firstRow + row - image * p.tilesY) * tile.outputHeight;
      const rows = Math.min(tile.outputHeight, p.height - top);
      const whole = rows === tile.outputHeight ? Math.floor(p.width / tile.outputWidth) : 0;
      for (let k = i; k < i + iCount; k++) {
        const group = Math.floor(k / p.groupK);
        const m = p.m + group * p.mGroup + (k - group * p.groupK) * p.mChannel + row * p.tilesX * p.mTile;
        const y = p.y + ((image * p.channels + k) * p.height + top) * p.width;
        if (tile.wholeRows) {
          const columns = p.tilesX * tile.outputWidth;
          tile.output(p.tilesX, m, p.mTile, p.mPosition, patch, columns, tile.outputWidth);
          thread.kernels.clampRows(rows, p.width, patch, columns, y, p.width, p.slope, p.low, p.high);
          continue;
        }
        if (whole > 0) tile.output(whole, m, p.mTile, p.mPosition, y, p.width, tile.outputWidth);
        if (whole < p.tilesX) {
          // Tiles that overhang the output go through a patch, of which only what is inside is kept.
          const columns = (p.tilesX - whole) * tile.outputWidth;
          const x = whole * tile.outputWidth;
          tile.output(p.tilesX - whole, m + whole * p.mTile, p.mTile, p.mPosition, patch, columns, tile.outputWidth);
          thread.kernels.copyRows(rows, p.width - x, patch, columns, 1, y + x, p.width);
        }
        activate(thread.kernels, rows * p.width, y, p.slope, p.low, p.high);
      }
    }
  },
);
