/**
 * Where the parts of a fast convolution lie, and the counts of its work: pure arithmetic on a shape, for the frame
 * (`fast-convolution.ts`), the cost model and `explain`.
 */

import type { GemmNumbers, TileNumbers } from '../kernels/table.ts';
import type { TileName } from '../maths/tiles.ts';
import type { ConvolutionShape } from '../tensor/convolution-shape.ts';
import {
  linePitch,
  type MachineModel,
  type Products,
  pitchFor,
  planeStride,
  productNanoseconds,
  type Workload,
} from './algorithm.ts';
import { convolutionParts, phasedShape } from './phases.ts';

/**
 * V and M of one block of tiles take about as many elements as the kernel table says, and stay in a cache between the
 * phases. But each block reads all packed kernels: the more there are, the more tiles a block has, from LEAST_TILES to
 * BLOCK_TILES, even where V and M then take up to MAX_BLOCK_FLOATS.
 */
const MAX_BLOCK_FLOATS = 8_000_000;
const LEAST_TILES = 32;
const BLOCK_TILES = 128;
/** Products of channels for each tile of a block. */
const KERNELS_PER_TILE = 1024;
/** Items of a transform's region: enough to even out, few enough that claiming one costs nothing. */
export const ITEMS = 64;
/** Channels that are transformed together: they fill a cache line. */
const TOGETHER = 16;
/**
 * Lines of the first cache that V or M of a row of tiles may take, one for each position and tile: about a cache of
 * 48 KiB. Measured: beyond it, the next four channels find their lines gone.
 */
const CACHE_LINES = 700;
/** Kernels of phases that are split at a time stay in the first cache until they are transformed. */
const SPLIT_FLOATS = 4096;
/** Transforms of whole rows do so many tiles of a row at a time; fewer cost as much. */
const LANES = 4;

/** How one shape is cut into tiles, and where everything lies; `workload` counts from it too. */
export interface TileLayout {
  readonly tile: TileNumbers;
  readonly tilesX: number;
  readonly tilesY: number;
  /** Rows of tiles over the whole batch, and in one block. */
  readonly rows: number;
  readonly blockRows: number;
  readonly order: Order;
  /** Output channels side by side in U; 0 where input channels are. */
  readonly panel: number;
  readonly u: Matrices;
  readonly v: Matrices;
  readonly m: Matrices;
  readonly uFloats: number;
  readonly vFloats: number;
  readonly mFloats: number;
  /** Elements that the tiles of a row read of one channel, and of all channels that are transformed together. */
  readonly stripFloats: number;
  readonly patchFloats: number;
}

/**
 * What lies side by side in V and M: tiles of a channel, V[c, t] and M[k, t], or channels of a tile, V[t, c] and M[t, k].
 * U is U[k, c] beside tiles, and U[c, k] beside channels, in panels of output channels.
 */
type Order = 'tiles' | 'channels';

/** A row-major matrix for each position and group. */
interface Matrices {
  readonly position: number;
  readonly group: number;
  readonly pitch: number;
}

/**
 * The layout for so many threads. Each has a second cache of its own, so more threads get larger blocks; no bit of the
 * result depends on that. Work is always counted from the layout of one thread.
 */
export function tileLayout(shape: ConvolutionShape, name: TileName, machine: MachineModel, threads = 1): TileLayout {
  const { kernels } = machine;
  const tile = kernels.tileNumbers(name, shape.kernelHeight, shape.kernelWidth);
  const { groups } = shape;
  const tilesY = Math.ceil(shape.outputHeight / tile.outputHeight);
  const tilesX = Math.ceil(shape.outputWidth / tile.outputWidth);
  const rows = shape.batch * tilesY;
  const rowFloats = tile.positions * (shape.inputChannels + shape.outputChannels) * tilesX;
  const c = shape.inputChannels / groups;
  const k = shape.outputChannels / groups;
  const leastTiles = Math.min(BLOCK_TILES, Math.max(LEAST_TILES, (c * k) / KERNELS_PER_TILE));
  const wanted = Math.max(Math.floor((threads * kernels.blockFloats) / rowFloats), Math.ceil(leastTiles / tilesX));
  const most = Math.max(1, Math.floor(MAX_BLOCK_FLOATS / rowFloats));
  const blocks = Math.ceil(rows / Math.min(rows, wanted, most));
  const blockRows = Math.ceil(rows / blocks);
  const tiles = blockRows * tilesX;
  const order = orderOf(kernels, tile, tilesX, tiles, c, k);
  const panel = order === 'tiles' ? 0 : Math.min(k, kernels.gemmPanel(tiles));
  const stripFloats = tile.height * ((tilesX - 1) * tile.outputWidth + tile.width);
  const patchChannels = itemChannels(order, Math.max(shape.inputChannels, shape.outputChannels));
  const tilePitch = tile.wholeRows ? linePitch(tiles) : pitchFor(tiles);
  const [u, v, m] =
    order === 'tiles'
      ? [matrices(k, pitchFor(c), groups), matrices(c, tilePitch, groups), matrices(k, tilePitch, groups)]
      : [
          matrices(c * Math.ceil(k / panel), panel < k ? panel : pitchFor(k), groups),
          matrices(tiles, pitchFor(c), groups),
          matrices(tiles, pitchFor(k), groups),
        ];
  return {
    tile,
    tilesX,
    tilesY,
    rows,
    blockRows,
    order,
    panel,
    u,
    v,
    m,
    uFloats: tile.positions * u.position,
    vFloats: tile.positions * v.position,
    mFloats: tile.positions * m.position,
    stripFloats,
    patchFloats: pitchFor(stripFloats * (order === 'tiles' ? 1 : patchChannels)),
  };
}

/**
 * The order whose products are faster. Emitted transforms take either four tiles or four channels at a time: channels
 * where there are enough of them, and few enough tiles in a row that the cache lines that channels share are still
 * there for the next four.
 */
function orderOf(kernels: GemmNumbers, tile: TileNumbers, tilesX: number, tiles: number, c: number, k: number): Order {
  // Outputs narrower than a vector are written one by one unless their tiles are neighbours.
  const isWide = tile.positions * tilesX > CACHE_LINES || tile.outputWidth < 4;
  if (tile.wholeRows && (Math.min(c, k) < TOGETHER || isWide)) return 'tiles';
  const byTiles = productNanoseconds(kernels, k, tiles, c);
  const byChannels = productNanoseconds(kernels, tiles, k, c);
  return byChannels < byTiles || (tile.wholeRows && byChannels === byTiles) ? 'channels' : 'tiles';
}

function matrices(rows: number, pitch: number, groups: number): Matrices {
  return { position: planeStride(groups * rows * pitch), group: rows * pitch, pitch };
}

/** Channels in an item of a transform's region. */
export function itemChannels(order: Order, channels: number): number {
  return Math.max(order === 'tiles' ? 1 : TOGETHER, Math.ceil(channels / ITEMS));
}

export function fastWorkload(whole: ConvolutionShape, name: TileName, machine: MachineModel): Workload {
  const shape = phasedShape(whole);
  const layout = tileLayout(shape, name, machine);
  const tiles = layout.rows * layout.tilesX;
  const isByTiles = layout.tile.wholeRows && layout.order === 'tiles';
  const transformed = layout.rows * (isByTiles ? Math.ceil(layout.tilesX / LANES) * LANES : layout.tilesX);
  const channelProducts = (shape.inputChannels / shape.groups) * shape.outputChannels;
  const blocks = Math.ceil(layout.rows / layout.blockRows);
  return {
    tile: name,
    tiles,
    multiplyAdds: layout.tile.positions * tiles * channelProducts,
    products: productsOf(shape, layout, blocks),
    inputTiles: transformed * shape.inputChannels,
    outputTiles: transformed * shape.outputChannels,
    isByChannels: layout.order === 'channels',
    transformedBytes: 4 * layout.tile.positions * tiles * (shape.inputChannels + shape.outputChannels),
    blockBytes: 4 * (layout.vFloats + layout.mFloats),
    kernelTiles: channelProducts,
    copied: shape === whole ? 0 : gathered(shape, layout) + scattered(whole),
    kernelBytesRead: blocks * layout.uFloats * 4,
    workspaceBytes: 4 * workspaceFloats(tileLayout(shape, name, machine, machine.pool.threadsCount), machine),
    packedBytes: 4 * (layout.uFloats + kernelSplit(whole, layout).floats),
  };
}

/** Elements that the input transform gathers from phases and grids. */
function gathered(shape: ConvolutionShape, { rows, stripFloats }: TileLayout): number {
  return rows * shape.inputChannels * stripFloats;
}

/** Outputs that the output transform scatters, because they are of grids. */
function scattered(whole: ConvolutionShape): number {
  const { rows, columns } = convolutionParts(whole);
  if (rows.outputStep * columns.outputStep === 1) return 0;
  return whole.batch * whole.outputChannels * whole.outputHeight * whole.outputWidth;
}

/** One product for each position, group and block of tiles. */
function productsOf(shape: ConvolutionShape, layout: TileLayout, blocks: number): Products {
  const [tiles, k] = [layout.blockRows * layout.tilesX, shape.outputChannels / shape.groups];
  const [m, n] = layout.order === 'tiles' ? [k, tiles] : [tiles, k];
  return { count: layout.tile.positions * shape.groups * blocks, m, n, k: shape.inputChannels / shape.groups };
}

export function workspaceFloats(layout: TileLayout, { pool }: MachineModel): number {
  return layout.vFloats + layout.mFloats + layout.patchFloats * pool.threadsCount;
}

/**
 * Where `pack` splits strided kernels: a place for each item of its region, behind the packed ones. A place for each
 * thread would be smaller, but then the bytes, and with them the choice, would depend on the number of threads.
 */
export interface KernelSplit {
  readonly itemKernels: number;
  readonly items: number;
  /** Input channels that are split at a time; one where channels lie side by side. */
  readonly splitChannels: number;
  readonly splitFloats: number;
  readonly floats: number;
}

export function kernelSplit(whole: ConvolutionShape, { order, panel }: TileLayout): KernelSplit {
  const shape = phasedShape(whole);
  const { groups, outputChannels, kernelHeight, kernelWidth } = shape;
  const itemKernels = order === 'tiles' ? Math.ceil(outputChannels / ITEMS) : panel;
  const items =
    order === 'tiles' ? Math.ceil(outputChannels / itemKernels) : groups * Math.ceil(outputChannels / groups / panel);
  const { rows, columns } = convolutionParts(whole);
  const phases = rows.phases * columns.phases;
  if (phases === 1) return { itemKernels, items, splitChannels: 0, splitFloats: 0, floats: 0 };
  const taps = phases * kernelHeight * kernelWidth;
  const most = Math.max(1, Math.floor(SPLIT_FLOATS / taps));
  const splitChannels = Math.min(whole.inputChannels / groups, most);
  const splitFloats = pitchFor((order === 'tiles' ? splitChannels : panel) * taps);
  return { itemKernels, items, splitChannels, splitFloats, floats: items * splitFloats };
}
