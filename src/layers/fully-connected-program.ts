/**
 * A fully-connected layer, y[n, k] = b[k] + Σ_c w[k, c] · x[n, c], in one of two ways:
 *
 *   dots   for each block of rows of W that stays in the second-level cache
 *            for each image n                  dot products of the rows with x[n]
 *   gemm   Xᵀ[c, n] once, then for each block of rows of W
 *            Yᵀ[k, n] = W[k, c] · Xᵀ[c, n]     streaming over the images
 *            y[n, k] = Yᵀ[k, n]                while the block is in the cache
 *
 * Either reads W as it lies, row by row, so nothing of its size is ever transposed, and a part of its rows can be done
 * without the others. (Y = X · Wᵀ, which streams over the output channels, needs that transposition, and then runs no
 * faster: every weight is packed for a handful of images, where here every image is packed for 128 rows of weights.)
 *
 * Half-precision weights are read as they are by `dots`, or in panels if a plan has laid them out so; for `gemm` a window of
 * rows at a time is expanded to float32, so that the layer keeps the half of the memory that it was given them for.
 *
 * Subnormal float32 weights must be 0 before any of this: a processor takes some hundred cycles for each of them.
 *
 * What one item computes depends neither on the other items nor on who does it, so results do not depend on the threads.
 */
import { activate } from '../algorithms/activate.ts';
import { type ActivationParameters, now, type Profile, pitchFor } from '../algorithms/algorithm.ts';
import type { Context } from '../context/context.ts';
import { PANEL_ROWS, panelCodes, panelPitch } from '../kernels/half-panels.ts';
import { decodeHalves } from '../maths/half.ts';
import { defineStep } from '../threads/step.ts';

/** How weights are stored; 'alternative' is NNPACK's half, ARM's, whose exponent 31 is an ordinary one. */
export const WEIGHT_FORMATS = ['float32', 'binary16', 'alternative'] as const;

/** How the weights of a fully-connected layer are stored: float32, IEEE binary16, or NNPACK's alternative half precision. */
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

/** Rows as they lie, or half-precision weights in the order of half-panels.ts. */
export type WeightLayout = 'rows' | 'panels';

/** A fully-connected layer whose every size has been checked: x (N, C), w (K, C), y (N, K). */
export interface FullyConnectedShape {
  /** N */
  readonly batch: number;
  /** C */
  readonly inputChannels: number;
  /** K */
  readonly outputChannels: number;
  /** How the weights are stored. */
  readonly format: WeightFormat;
}

/** A fully-connected layer laid out: numbers only from here on. All offsets are into the context's memory. */
export interface FullyConnectedProgram {
  readonly method: 'dots' | 'gemm';
  readonly layout: WeightLayout;
  /** Elements of float32 that hold the weights. */
  readonly packedFloats: number;
  readonly workspaceFloats: number;
  /** The whole layer; `bias` 0 means none. Adds the time of each phase to the profile. */
  run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void;
  /** First what depends on the input alone … */
  prepare(input: number, workspace: number, profile: Profile): void;
  /** … then rows first … of the weights, which lie at `weights`. */
  multiply(
    input: number,
    weights: number,
    first: number,
    rows: number,
    bias: number,
    output: number,
    workspace: number,
    profile: Profile,
  ): void;
}

/** The largest batch that dot products serve best: the multiplication is as slow for five images as for eight. */
const DOTS_BATCH = 5;
/** Weights of an item of dot products: half of a second-level cache of 1 MiB. */
const ITEM_WEIGHTS = 131_072;
/** The most rows of weights of an item of the multiplication, which packs the images anew for each. */
const ITEM_ROWS = 128;
/** The least number of blocks that the rows are divided into, so that a small layer too has work for several threads. */
const ROW_BLOCKS = 8;
/** Elements of an item that copies. */
const ITEM_ELEMENTS = 65_536;
/** Half-precision weights that are expanded at once: 32 MB of workspace. */
const WINDOW_WEIGHTS = 2 ** 23;

/** Dot products have the same bits for any batch: those of a matrix product are sums in another order. */
export function methodFor({ batch }: FullyConnectedShape, { batchInvariant }: Context): 'dots' | 'gemm' {
  return batch <= DOTS_BATCH || batchInvariant ? 'dots' : 'gemm';
}

/** Elements of float32 that so many weights of a format take. */
export function weightFloats(format: WeightFormat, weights: number): number {
  return format === 'float32' ? weights : Math.ceil(weights / 2);
}

/** How a plan lays the weights out. */
export function layoutFor(shape: FullyConnectedShape, context: Context): WeightLayout {
  return shape.format !== 'float32' && methodFor(shape, context) === 'dots' ? 'panels' : 'rows';
}

export function fullyConnectedProgram(
  shape: FullyConnectedShape,
  context: Context,
  activation: ActivationParameters,
  layout: WeightLayout = 'rows',
): FullyConnectedProgram {
  const { inputChannels, outputChannels, format } = shape;
  const method = methodFor(shape, context);
  const parts = method === 'dots' ? planDots(shape, context, activation, layout) : planGemm(shape, context, activation);
  const weights = layout === 'rows' ? inputChannels * outputChannels : panelCodes(outputChannels, inputChannels);
  return {
    ...parts,
    method,
    layout,
    packedFloats: weightFloats(format, weights),
    run(input, packed, bias, output, workspace, profile) {
      parts.prepare(input, workspace, profile);
      parts.multiply(input, packed, 0, outputChannels, bias, output, workspace, profile);
    },
  };
}

type ProgramParts = Pick<FullyConnectedProgram, 'workspaceFloats' | 'prepare' | 'multiply'>;

/** Rows i … of the weights, for every image. */
export const fullyConnectedDotsStep = defineStep(
  'fully-connected dots',
  ['batch', 'channels', 'outputs', 'format', 'panels', 'pitch', 'x', 'w', 'b', 'y', 'slope', 'low', 'high'],
  (thread, p, i, _j, rows) => {
    const { kernels } = thread;
    const w = p.w + i * p.pitch;
    for (let n = 0; n < p.batch; n++) {
      const x = p.x + n * p.channels;
      const y = p.y + n * p.outputs + i;
      if (p.format === 0) kernels.dots(rows, p.channels, w, p.channels, x, y);
      else if (p.panels === 0) kernels.dotsHalf(rows, p.channels, w, p.pitch, x, y, p.format === 2 ? 1 : 0);
      else kernels.dotsHalfPanels(rows, p.channels, w, x, y, p.format === 2 ? 1 : 0);
      if (p.b !== 0) kernels.add(rows, y, 1, p.b + i, 1, y);
      activate(kernels, rows, y, p.slope, p.low, p.high);
    }
  },
);

function planDots(
  shape: FullyConnectedShape,
  context: Context,
  activation: ActivationParameters,
  layout: WeightLayout,
): ProgramParts {
  const { batch, inputChannels: channels, outputChannels: outputs } = shape;
  const format = WEIGHT_FORMATS.indexOf(shape.format);
  const panels = layout === 'panels' ? 1 : 0;
  const pitch = panels === 1 ? panelPitch(channels) : channels;
  const parameters = { batch, channels, outputs, format, panels, pitch, x: 0, w: 0, b: 0, y: 0, ...activation };
  // Rows that the kernel takes together.
  const together = panels === 1 ? PANEL_ROWS : 4;
  const itemRows = together * Math.ceil(ITEM_WEIGHTS / channels / together);
  return {
    workspaceFloats: 0,
    prepare: () => {},
    multiply(input, weights, first, rows, bias, output, _workspace, profile) {
      const start = now();
      parameters.x = input;
      // The kernel counts half-precision weights in their own elements.
      parameters.w = format === 0 ? weights : 2 * weights;
      parameters.b = bias === 0 ? 0 : bias + first;
      parameters.y = output + first;
      context.pool.parallelize1dTile1d(fullyConnectedDotsStep, parameters, rows, itemRows);
      profile.blockMultiplication += now() - start;
    },
  };
}

/** Input channels i …: Xᵀ[c, n] = x[n, c]. */
export const fullyConnectedTransposeStep = defineStep(
  'fully-connected transposition',
  ['batch', 'channels', 'pitch', 'x', 'xt'],
  (thread, p, i, _j, iCount) =>
    thread.kernels.copyRows(iCount, p.batch, p.x + i, 1, p.channels, p.xt + i * p.pitch, p.pitch),
);

/** Weights i …, from half precision to float32. */
export const fullyConnectedExpandStep = defineStep(
  'fully-connected expansion',
  ['format', 'from', 'to'],
  (thread, p, i, _j, count) => {
    const { f32, u16 } = thread.memory;
    expand(f32, u16, decodedCodes(p.format), count, p.from + i, p.to + i);
  },
);

/** Rows i … of the weights, images j …. */
export const fullyConnectedGemmStep = defineStep(
  'fully-connected multiplication',
  ['channels', 'outputs', 'pitch', 'xt', 'w', 'b', 'y', 'yt', 'slope', 'low', 'high'],
  (thread, p, i, j, rows, images) => {
    const { kernels } = thread;
    const yt = p.yt + i * p.pitch + j;
    const y = p.y + j * p.outputs + i;
    // Yᵀ[k, n] = W[k, c] · Xᵀ[c, n]
    kernels.sgemm(rows, images, p.channels, p.w + i * p.channels, p.channels, p.xt + j, p.pitch, yt, p.pitch, 0);
    // y[n, k] = Yᵀ[k, n]
    kernels.copyRows(images, rows, yt, 1, p.pitch, y, p.outputs);
    for (let n = 0; n < images; n++) {
      if (p.b !== 0) kernels.add(rows, y + n * p.outputs, 1, p.b + i, 1, y + n * p.outputs);
      activate(kernels, rows, y + n * p.outputs, p.slope, p.low, p.high);
    }
  },
);

function planGemm(shape: FullyConnectedShape, context: Context, activation: ActivationParameters): ProgramParts {
  const { batch, inputChannels: channels, outputChannels: outputs } = shape;
  const format = WEIGHT_FORMATS.indexOf(shape.format);
  const pitch = pitchFor(batch);
  const { mr, nc } = context.kernels.gemmBlocks;
  // Equal blocks of images, because a last one of a few would be slow.
  const itemImages = 4 * Math.ceil(batch / Math.ceil(batch / nc) / 4);
  const itemRows = Math.min(ITEM_ROWS, mr * Math.ceil(outputs / ROW_BLOCKS / mr));
  const windowRows = format === 0 ? 0 : Math.min(outputs, ITEM_ROWS * Math.ceil(WINDOW_WEIGHTS / channels / ITEM_ROWS));
  // Xᵀ, Yᵀ, and the window of expanded weights
  const [xtFloats, ytFloats] = [channels * pitch, outputs * pitch];
  const parameters = { channels, outputs, pitch, xt: 0, w: 0, b: 0, y: 0, yt: 0, ...activation };

  function multiplyRows(weights: number, first: number, rows: number, bias: number, output: number, yt: number): void {
    parameters.w = weights;
    parameters.b = bias === 0 ? 0 : bias + first;
    parameters.y = output + first;
    parameters.yt = yt;
    context.pool.parallelize2dTile2d(fullyConnectedGemmStep, parameters, rows, batch, itemRows, itemImages);
  }

  return {
    workspaceFloats: xtFloats + ytFloats + windowRows * channels,
    prepare(input, workspace, profile) {
      const start = now();
      const transposition = { batch, channels, pitch, x: input, xt: workspace };
      const tile = Math.ceil(ITEM_ELEMENTS / batch);
      context.pool.parallelize1dTile1d(fullyConnectedTransposeStep, transposition, channels, tile);
      profile.inputTransform += now() - start;
    },
    multiply(_input, weights, first, rows, bias, output, workspace, profile) {
      const start = now();
      const yt = workspace + xtFloats;
      parameters.xt = workspace;
      if (format === 0) multiplyRows(weights, first, rows, bias, output, yt);
      else {
        const window = yt + ytFloats;
        for (let row = 0; row < rows; row += windowRows) {
          const count = Math.min(windowRows, rows - row);
          const expansion = { format, from: 2 * weights + row * channels, to: window };
          context.pool.parallelize1dTile1d(fullyConnectedExpandStep, expansion, count * channels, ITEM_ELEMENTS);
          multiplyRows(window, first + row, count, bias, output, yt);
        }
      }
      profile.blockMultiplication += now() - start;
    },
  };
}

/** Four at a time, which halves the cost: as of every pass over elements here, most of it is the loop's. */
function expand(f32: Float32Array, u16: Uint16Array, decoded: Float32Array, n: number, from: number, to: number): void {
  let i = 0;
  for (; i <= n - 4; i += 4) {
    const p = (from + i) | 0;
    const q = (to + i) | 0;
    f32[q] = decoded[u16[p]];
    f32[q + 1] = decoded[u16[p + 1]];
    f32[q + 2] = decoded[u16[p + 2]];
    f32[q + 3] = decoded[u16[p + 3]];
  }
  for (; i < n; i++) f32[(to + i) | 0] = decoded[u16[(from + i) | 0]];
}

const tables: Float32Array[] = [];

/** The number of every code of a half-precision format, made when the format is first met. */
function decodedCodes(format: number): Float32Array {
  tables[format] ??= decodeHalves(
    Uint16Array.from({ length: 65_536 }, (_, code) => code),
    WEIGHT_FORMATS[format] === 'alternative' ? 'alternative' : 'binary16',
  );
  return tables[format];
}
