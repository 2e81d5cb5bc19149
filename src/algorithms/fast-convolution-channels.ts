/**
 * The transforms of the fast-convolution frame where channels lie side by side in V and M, and share a vector: they
 * take many channels at a time, and one tile of the image after another.
 *
 *   patch     rows of the image, padded, of all channels: row by row, the channels of each row side by side
 *   tile t    its columns of the patch, `count` channels with a step between them → V[t, c …], and back
 */
import { defineStep } from '../threads/step.ts';
import { INPUT, KERNEL, OUTPUT, rowOfOutputs, rowOfTiles, tileOf } from './fast-convolution-steps.ts';
import { copyPhases, splitKernels } from './phases.ts';

/**
 * U[c, k] = G g Gᵀ for panels i … of all groups: `itemKernels` output channels, whose elements lie side by side. Where
 * there are several phases, kernels are split one input channel at a time, in a place that belongs to the panel.
 */
export const kernelPanelStep = defineStep(
  'fast-convolution kernel transform, channels side by side',
  KERNEL,
  (thread, p, i, _j, iCount) => {
    const tile = tileOf(thread, p);
    const taps = p.kernelHeight * p.kernelWidth;
    const phases = p.phaseHeight * p.phaseWidth;
    const step = p.groupC * taps;
    const panels = Math.ceil(p.groupK / p.itemKernels);
    for (let panel = i; panel < i + iCount; panel++) {
      const group = Math.floor(panel / panels);
      const k = (panel - group * panels) * p.itemKernels;
      const count = Math.min(p.itemKernels, p.groupK - k);
      const split = p.split + panel * p.splitFloats;
      let g = p.g + (group * p.groupK + k) * step;
      let u = p.u + group * p.uGroup + k * p.groupC * phases;
      if (phases === 1) {
        tile.kernelRows(p.groupC, count, g, taps, step, u, p.uPitch, p.uPosition);
        continue;
      }
      for (let c = 0; c < p.groupC; c++) {
        splitKernels(thread, p, count, g, step, p.r, p.s, split);
        tile.kernelRows(phases, count, split, p.r * p.s, phases * p.r * p.s, u, p.uPitch, p.uPosition);
        g += taps;
        u += phases * p.uPitch;
      }
    }
  },
);

/** V[t, c] = Bᵀ d B for input channels i … (of several phases: for those of channels) and rows of tiles j … of the block. */
export const inputChannelsStep = defineStep(
  'fast-convolution input transform, channels side by side',
  INPUT,
  (thread, p, i, j, iCount, jCount) => {
    const tile = tileOf(thread, p);
    const patch = p.patch + thread.index * p.patchFloats;
    const columns = (p.tilesX - 1) * tile.outputWidth + tile.width;
    eachGroup(i, iCount, p.groupC, (group, c, count) => {
      const pitch = count * columns;
      for (let row = j; row < j + jCount; row++) {
        const { image, gridRow, gridColumn, tileRow } = rowOfTiles(p, row);
        const y = tileRow * tile.outputHeight * p.stepHeight + gridRow * p.strideHeight - p.top;
        const x = gridColumn * p.strideWidth - p.left;
        const planes = p.x + image * p.channels * p.height * p.width;
        copyPhases(thread, p, planes, c, count, y, x, tile.height, columns, patch);
        const v = p.v + group * p.vGroup + row * p.tilesX * p.vPitch + c - group * p.groupC;
        for (let t = 0; t < p.tilesX; t++) {
          tile.input(count, patch + t * tile.outputWidth, pitch, columns, v + t * p.vPitch, 1, p.vPosition);
        }
      }
    });
  },
);

/** y = Aᵀ M[t, k] A and the activation, for output channels i … and rows of tiles j … of the block. */
export const outputChannelsStep = defineStep(
  'fast-convolution output transform, channels side by side',
  OUTPUT,
  (thread, p, i, j, iCount, jCount) => {
    const { kernels } = thread;
    const tile = tileOf(thread, p);
    const patch = p.patch + thread.index * p.patchFloats;
    const patchColumns = p.tilesX * tile.outputWidth;
    const plane = p.height * p.width;
    const step = p.outputStepWidth;
    eachGroup(i, iCount, p.groupK, (group, k, count) => {
      const pitch = count * patchColumns;
      for (let row = j; row < j + jCount; row++) {
        const { image, first, rows, columns } = rowOfOutputs(p, tile, row);
        const m = p.m + group * p.mGroup + row * p.tilesX * p.mPitch + k - group * p.groupK;
        for (let t = 0; t < p.tilesX; t++) {
          tile.output(count, m + t * p.mPitch, 1, p.mPosition, patch + t * tile.outputWidth, pitch, patchColumns);
        }
        const y = p.y + (image * p.channels + k) * plane + first;
        for (let r = 0; r < rows; r++) {
          const [from, to] = [patch + r * pitch, y + r * p.outputStepHeight * p.width];
          kernels.clampRows(count, columns, from, patchColumns, to, plane, step, p.slope, p.low, p.high);
        }
      }
    });
  },
);

/** The channels i … of an item, those of each group by themselves. */
function eachGroup(
  i: number,
  iCount: number,
  groupChannels: number,
  body: (group: number, channel: number, count: number) => void,
): void {
  for (let c = i; c < i + iCount; ) {
    const group = Math.floor(c / groupChannels);
    const count = Math.min(i + iCount, (group + 1) * groupChannels) - c;
    body(group, c, count);
    c += count;
  }
}
