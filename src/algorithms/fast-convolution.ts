/**
 * Fast convolution by tiles: the frame that Winograd and Fourier algorithms share.
 *
 *   y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A          for every tile d of the input, summed over the input channels
 *
 * Whatever the transforms are, ⊙ summed over channels is one matrix product for each position p of a transformed tile:
 *
 *   M_p[k, t] = Σ_c U_p[k, c] · V_p[c, t]     k output channel, c input channel, t tile
 *
 * Steps:
 *   1. kernel transform   U_p[k, c]  once, when the plan is made
 *   2. input transform    V_p[c, t]  for a block of tiles
 *   3. multiplication     M_p        one product for each position and group
 *   4. output transform   y          with the activation, while the rows are in the cache
 *
 * Departures from NNPACK, which has four copies of this loop nest:
 *   - A batch is just more tiles: t runs over images × rows × columns of tiles.
 *   - The bias is where the product of its position starts, instead of an addition in the output transform.
 *   - Tiles are streamed over a block of output channels that is held still, or the other way round, whichever the kernel
 *     table's units say is faster. Both cases are strides.
 *
 * Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016), algorithm 1; NNPACK,
 * src/convolution-inference.c.
 */
import { TILE_NAMES, type TileName, type TileTransform } from '../kernels/table.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import type { Context } from '../threads/context.ts';
import type { Parameters, Step } from '../threads/step.ts';
import {
  type Activation,
  type ConvolutionProgram,
  linePitch,
  now,
  type Products,
  type Profile,
  pitchFor,
  planeStride,
  productNanoseconds,
  type Workload,
} from './algorithm.ts';
import { inputStep, kernelStep, multiplyStep, outputStep } from './fast-convolution-steps.ts';

/**
 * V and M of one block of tiles take about so many elements, which stay in the last cache between the phases; or up to
 * MAX_BLOCK_FLOATS where a block would have too few tiles to be worth reading all packed kernels for.
 */
const BLOCK_FLOATS = 2_500_000;
const MAX_BLOCK_FLOATS = 8_000_000;
const BLOCK_TILES = 128;
/** Items of a transform's region: enough to even out, few enough that claiming one costs nothing. */
const ITEMS = 64;

/** How one shape is cut into tiles and where everything lies; pure arithmetic, also what `workload` counts. */
export interface TileLayout {
  readonly tile: TileTransform;
  readonly tilesX: number;
  readonly tilesY: number;
  /** Rows of tiles over the whole batch, and in one block. */
  readonly rows: number;
  readonly blockRows: number;
  readonly streamsTiles: boolean;
  readonly u: Strides;
  readonly v: Strides;
  readonly m: Strides;
  readonly uFloats: number;
  readonly vFloats: number;
  readonly mFloats: number;
  readonly patchFloats: number;
}

/** Distances between positions, groups, channels (of the group) and tiles; a kernel's `tile` is its other channel. */
interface Strides {
  readonly position: number;
  readonly group: number;
  readonly channel: number;
  readonly tile: number;
}

export function tileLayout(shape: ConvolutionShape, name: TileName, context: Context): TileLayout {
  const tile = context.kernels.tile(name, shape.kernelHeight, shape.kernelWidth);
  const { groups } = shape;
  const tilesY = Math.ceil(shape.outputHeight / tile.outputHeight);
  const tilesX = Math.ceil(shape.outputWidth / tile.outputWidth);
  const rows = shape.batch * tilesY;
  const rowFloats = tile.positions * (shape.inputChannels + shape.outputChannels) * tilesX;
  const wanted = Math.max(Math.floor(BLOCK_FLOATS / rowFloats), Math.ceil(BLOCK_TILES / tilesX));
  const most = Math.max(1, Math.floor(MAX_BLOCK_FLOATS / rowFloats));
  const blocks = Math.ceil(rows / Math.min(rows, wanted, most));
  const blockRows = Math.ceil(rows / blocks);
  const tiles = blockRows * tilesX;
  const c = shape.inputChannels / groups;
  const k = shape.outputChannels / groups;
  const { kernels } = context;
  // Transforms of whole rows store neighbouring tiles together.
  const streamsTiles =
    tile.wholeRows || productNanoseconds(kernels, k, tiles, c) <= productNanoseconds(kernels, tiles, k, c);
  const pitch = tile.wholeRows ? linePitch(tiles) : pitchFor(tiles);
  const v = streamsTiles ? channelMajor(c, pitch, groups) : tileMajor(c, tiles, groups);
  const m = streamsTiles ? channelMajor(k, pitch, groups) : tileMajor(k, tiles, groups);
  // U_p[k, c] beside streamed tiles, U_p[c, k] beside tiles that are held still: k takes the place of the tile.
  const u = streamsTiles ? tileMajor(c, k, groups) : channelMajor(c, pitchFor(k), groups);
  return {
    tile,
    tilesX,
    tilesY,
    rows,
    blockRows,
    streamsTiles,
    u,
    v,
    m,
    uFloats: tile.positions * u.position,
    vFloats: tile.positions * v.position,
    mFloats: tile.positions * m.position,
    patchFloats: pitchFor(tile.height * ((tilesX - 1) * tile.outputWidth + tile.width)),
  };
}

function channelMajor(channels: number, channel: number, groups: number): Strides {
  return { position: planeStride(groups * channels * channel), group: channels * channel, channel, tile: 1 };
}

function tileMajor(channels: number, tiles: number, groups: number): Strides {
  const tile = pitchFor(channels);
  return { position: planeStride(groups * tiles * tile), group: tiles * tile, channel: 1, tile };
}

export function fastWorkload(shape: ConvolutionShape, name: TileName, context: Context): Workload {
  const layout = tileLayout(shape, name, context);
  const tiles = layout.rows * layout.tilesX;
  const channelProducts = (shape.inputChannels / shape.groups) * shape.outputChannels;
  const blocks = Math.ceil(layout.rows / layout.blockRows);
  return {
    tiles,
    multiplyAdds: layout.tile.positions * tiles * channelProducts,
    products: productsOf(shape, layout, blocks),
    inputTiles: tiles * shape.inputChannels,
    outputTiles: tiles * shape.outputChannels,
    kernelTiles: channelProducts,
    copied: 0,
    kernelBytesRead: blocks * layout.uFloats * 4,
    workspaceBytes: 4 * workspaceFloats(layout, context),
    packedBytes: 4 * layout.uFloats,
  };
}

/** One product for each position, group and block of tiles. */
function productsOf(shape: ConvolutionShape, layout: TileLayout, blocks: number): Products {
  const [tiles, k] = [layout.blockRows * layout.tilesX, shape.outputChannels / shape.groups];
  const [m, n] = layout.streamsTiles ? [k, tiles] : [tiles, k];
  return { count: layout.tile.positions * shape.groups * blocks, m, n, k: shape.inputChannels / shape.groups };
}

function workspaceFloats(layout: TileLayout, context: Context): number {
  return layout.vFloats + layout.mFloats + layout.patchFloats * context.pool.threadsCount;
}

export function planFastConvolution(
  shape: ConvolutionShape,
  name: TileName,
  context: Context,
  activation: Activation,
): ConvolutionProgram {
  const layout = tileLayout(shape, name, context);
  const { pool } = context;
  const transform = { tileName: TILE_NAMES.indexOf(name), r: shape.kernelHeight, s: shape.kernelWidth };
  const groupK = shape.outputChannels / shape.groups;
  const groupC = shape.inputChannels / shape.groups;
  const place = {
    tilesX: layout.tilesX,
    tilesY: layout.tilesY,
    firstRow: 0,
    patch: 0,
    patchFloats: layout.patchFloats,
  };

  const kernelParameters = {
    ...transform,
    groupK,
    groupC,
    g: 0,
    u: 0,
    uPosition: layout.u.position,
    uGroup: layout.u.group,
    uChannel: layout.u.channel,
    uKernel: layout.u.tile,
  };
  const inputParameters = {
    ...transform,
    ...place,
    x: 0,
    channels: shape.inputChannels,
    groupC,
    height: shape.inputHeight,
    width: shape.inputWidth,
    top: shape.paddingTop,
    left: shape.paddingLeft,
    v: 0,
    vPosition: layout.v.position,
    vGroup: layout.v.group,
    vChannel: layout.v.channel,
    vTile: layout.v.tile,
  };
  const multiplyParameters = {
    ...transform,
    groups: shape.groups,
    groupK,
    groupC,
    tiles: 0,
    streamsTiles: layout.streamsTiles ? 1 : 0,
    bias: 0,
    u: 0,
    uPosition: layout.u.position,
    uGroup: layout.u.group,
    uPitch: layout.streamsTiles ? layout.u.tile : layout.u.channel,
    v: 0,
    vPosition: layout.v.position,
    vGroup: layout.v.group,
    vPitch: layout.streamsTiles ? layout.v.channel : layout.v.tile,
    m: 0,
    mPosition: layout.m.position,
    mGroup: layout.m.group,
    mPitch: layout.streamsTiles ? layout.m.channel : layout.m.tile,
  };
  const outputParameters = {
    ...transform,
    ...place,
    y: 0,
    channels: shape.outputChannels,
    groupK,
    height: shape.outputHeight,
    width: shape.outputWidth,
    slope: activation.slope,
    low: activation.low,
    high: activation.high,
    m: 0,
    mPosition: layout.m.position,
    mGroup: layout.m.group,
    mChannel: layout.m.channel,
    mTile: layout.m.tile,
  };

  /** Items of whole channels: rows of tiles of one channel share cache lines, which two threads would fight over. */
  const transformRegion = <P extends Parameters>(
    step: Step<P>,
    parameters: P,
    channels: number,
    rows: number,
  ): void => {
    const rowParts = Math.min(rows, Math.ceil(ITEMS / channels));
    const [channelTile, rowTile] = [Math.ceil(channels / ITEMS), Math.ceil(rows / rowParts)];
    pool.parallelize2dTile2d(step, parameters, channels, rows, channelTile, rowTile);
  };

  return {
    packedFloats: layout.uFloats,
    workspaceFloats: workspaceFloats(layout, context),

    pack(kernel: number, packed: number, profile: Profile): void {
      const start = now();
      kernelParameters.g = kernel;
      kernelParameters.u = packed;
      pool.parallelize1dTile1d(
        kernelStep,
        kernelParameters,
        shape.outputChannels,
        Math.ceil(shape.outputChannels / ITEMS),
      );
      profile.kernelTransform += now() - start;
    },

    run(input: number, packed: number, bias: number, output: number, workspace: number, profile: Profile): void {
      const v = workspace;
      const m = v + layout.vFloats;
      const patch = m + layout.mFloats;
      inputParameters.x = input;
      outputParameters.y = output;
      multiplyParameters.u = packed;
      multiplyParameters.bias = bias;
      inputParameters.v = multiplyParameters.v = v;
      outputParameters.m = multiplyParameters.m = m;
      inputParameters.patch = outputParameters.patch = patch;
      for (let row = 0; row < layout.rows; row += layout.blockRows) {
        const rows = Math.min(layout.blockRows, layout.rows - row);
        inputParameters.firstRow = outputParameters.firstRow = row;
        multiplyParameters.tiles = rows * layout.tilesX;
        const start = now();
        transformRegion(inputStep, inputParameters, shape.inputChannels, rows);
        const transformed = now();
        pool.parallelize1d(multiplyStep, multiplyParameters, layout.tile.positions * shape.groups);
        const multiplied = now();
        transformRegion(outputStep, outputParameters, shape.outputChannels, rows);
        profile.inputTransform += transformed - start;
        profile.blockMultiplication += multiplied - transformed;
        profile.outputTransform += now() - multiplied;
      }
    },
  };
}
