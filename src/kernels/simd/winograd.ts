/**
 * Winograd transforms in emitted WebAssembly: V = Bᵀ d B, U = G g Gᵀ, Y = Aᵀ m A, four tiles at a time, in float32.
 *
 *   input     Bᵀ down the columns of the strip of a row of tiles, into the scratch
 *             then B along rows of four tiles, transposed into the lanes; 16 bytes to each position of V
 *   output    the reverse: A along rows of four tiles, from positions of M to a strip in the scratch
 *             then Aᵀ down the columns of the strip, to rows of Y
 *   kernel    taps of many kernels side by side, a transpose; then both passes are G down columns
 *
 * Every pass is the program of maths/winograd-program.ts over emitted vectors (./winograd-passes.ts). An axis on which
 * the kernel is flat has a tile of edge 1, whose pass is the identity.
 *
 * Positions are read and written four tiles at a time, so neighbouring tiles should lie side by side. Tiles that are
 * apart, or fewer than four, are staged in the scratch and scattered or gathered one by one. Tiles may be apart in the
 * image, those of several channels for example: then the columns of each make a strip of their own.
 *
 * Every operation rounds to float32; `winogradRoundings` counts roundings in the same program. There are fewer where
 * products are fused with sums.
 */

import { type Matrix, winogradMatrices } from '../../maths/cook-toom.ts';
import { WINOGRAD_TILES, type WinogradEdge, winogradTile } from '../../maths/tiles.ts';
import { winogradRoundings } from '../../maths/winograd-program.ts';
import { type FunctionBuilder, i32, type Module, type Operand } from '../../wasm/index.ts';
import { kernelsRowByRow } from '../kernel-rows.ts';
import type { TileNumbers, TileTransform, TileUnits } from '../table.ts';
import { winogradBias, winogradSizes } from '../tile-sizes.ts';
import type { SimdExports } from './exports.ts';
import { once } from './once.ts';
import { integers } from './parameters.ts';
import {
  emitGather,
  emitScatter,
  inputColumns,
  inputRows,
  kernelColumns,
  outputColumns,
  outputRows,
  type Pass,
  STRIP_COLUMNS,
  STRIP_PITCH,
  transposeKernels,
} from './winograd-passes.ts';
import { countDown, type I32, type Product, type Style } from './winograd-vectors.ts';

export const SIMD_WINOGRAD_UNITS: Readonly<Record<WinogradEdge, TileUnits>> = {
  6: [26, 18, 25],
  8: [46, 37, 40],
  9: [72, 56, 50],
  10: [98, 78, 62],
};

/**
 * Most kernels that are transformed side by side, so that positions of U, which lie far apart, are written in long runs:
 * 960 take a third of the time of 64. Not 1024, whose rows would all meet in the same lines of the first cache. Their taps, which
 * are written four at a time, and the numbers between their passes may take so many bytes of the scratch.
 */
const KERNELS = 960;
const KERNEL_BYTES = 192 * 1024;
/** Kernels that are staged at a time. */
const STAGED_KERNELS = 64;
/**
 * Bytes of the scratch: first a strip, or the taps of staged kernels and, from HALFWAY on, the numbers between their passes;
 * then staged positions, a row of the strip's length for each: 100 at most, which leaves 17 KiB of SCRATCH_BYTES.
 */
const HALFWAY = 16 * 1024;
const STAGE = 32 * 1024;

/** Columns of the strip from tile to tile where tiles are apart: those of the greatest tile, in whole vectors. */
const APART = 4 * Math.ceil(Math.max(...WINOGRAD_TILES.map(({ edge }) => edge)) / 4);

/** The products of one axis by the size of the kernel along it; 1 is the identity, on a tile of edge 1. */
type Axes = ReadonlyMap<number, Readonly<Record<'bT' | 'g' | 'aT', Product>>>;

export function emitWinograd(module: Module, edge: WinogradEdge, style: Style) {
  const { kernelSizes } = winogradTile(edge);
  const product = (matrix: Matrix): Product => ({ matrix, ...style });
  const axes: Axes = new Map(
    kernelSizes.map((r) => {
      const { bT, g, aT } = winogradMatrices(r === 1 ? 1 : edge, r);
      return [r, { bT: product(bT), g: product(g), aT: product(aT) }];
    }),
  );
  return [
    once(module, emitScatter),
    once(module, emitGather),
    ...emitInput(module, edge, axes),
    ...emitOutput(module, edge, axes),
    emitKernel(module, edge, axes, once(module, transposeKernels)),
  ];
}

/** V = Bᵀ d B of `count` tiles of height × width in a strip of `columns`. Bᵀ is the same for every size but 1. */
function emitInput(module: Module, edge: WinogradEdge, axes: Axes) {
  const byLength = new Map([...axes.values()].map(({ bT }) => [bT.matrix.length, bT]));
  const columnPasses = passes(byLength.keys(), (length) =>
    inputColumns(module, `${edge}_${length}`, byLength.get(length)!),
  );
  const rowPasses = passes(byLength.keys(), (length) => inputRows(module, `${edge}_${length}`, byLength.get(length)!));
  const together = module.function(
    `winograd_input_${edge}__simd`,
    integers('height', 'width', 'columns', 'count', 'd', 'dPitch', 'dStep', 'v', 'vPosition', 'strip'),
    [],
    (f, { height, width, columns, count, d, dPitch, dStep, v, vPosition, strip }) => {
      callPass(f, columnPasses, height, columns, d, dPitch, strip);
      callPass(f, rowPasses, width, height, count, strip, dStep, v, vPosition);
    },
    { export: true },
  );
  const apart = module.function(
    `winograd_input_apart_${edge}__simd`,
    integers('height', 'width', 'count', 'd', 'dPitch', 'dStep', 'v', 'vPosition', 'strip'),
    [],
    (f, { height, width, count, d, dPitch, dStep, v, vPosition, strip }) => {
      const [to, step] = [f.let(strip), f.let(i32.const(4 * APART))];
      countDown(f, f.let(count), () => {
        callPass(f, columnPasses, height, width, d, dPitch, to);
        f.add(d, dStep);
        f.add(to, step);
      });
      callPass(f, rowPasses, width, height, count, strip, step, v, vPosition);
    },
    { export: true },
  );
  return [together, apart];
}

/** Y = Aᵀ m A of `count` tiles of `height` rows, to rows of `columns`. */
function emitOutput(module: Module, edge: WinogradEdge, axes: Axes) {
  const rowPasses = passes(axes.keys(), (s) => outputRows(module, `${edge}_${s}`, axes.get(s)!.aT));
  const columnPasses = passes(axes.keys(), (r) => outputColumns(module, `${edge}_${r}`, axes.get(r)!.aT));
  const together = module.function(
    `winograd_output_${edge}__simd`,
    integers('r', 's', 'height', 'columns', 'count', 'm', 'mPosition', 'y', 'yPitch', 'strip'),
    [],
    (f, { r, s, height, columns, count, m, mPosition, y, yPitch, strip }) => {
      callPass(f, rowPasses, s, height, count, m, mPosition, strip);
      callPass(f, columnPasses, r, columns, strip, y, yPitch);
    },
    { export: true },
  );
  const apart = module.function(
    `winograd_output_apart_${edge}__simd`,
    integers('r', 's', 'height', 'columns', 'count', 'm', 'mPosition', 'y', 'yPitch', 'yStep', 'strip'),
    [],
    (f, { r, s, height, columns, count, m, mPosition, y, yPitch, yStep, strip }) => {
      callPass(f, rowPasses, s, height, count, m, mPosition, strip);
      const step = f.let(i32.shl(columns, 2));
      countDown(f, count, () => {
        callPass(f, columnPasses, r, columns, strip, y, yPitch);
        f.add(strip, step);
        f.add(y, yStep);
      });
    },
    { export: true },
  );
  return [together, apart];
}

/**
 * U = G g Gᵀ of rows × count kernels, at most KERNELS, for a tile of height × width. A row of lanes holds one element of
 * each kernel; those between the passes are at `half`. If there are several rows, `count` is a multiple of 4.
 */
function emitKernel(module: Module, edge: WinogradEdge, axes: Axes, transpose: Pass) {
  const columnPasses = passes(axes.keys(), (r) => kernelColumns(module, `${edge}_${r}`, axes.get(r)!.g));
  return module.function(
    `winograd_kernel_${edge}__simd`,
    integers('r', 's', 'height', 'width', 'rows', 'count', 'g', 'gRow', 'gStep', 'u', 'uPosition', 'scratch', 'half'),
    [],
    (f, { r, s, height, width, rows, count, g, gRow, gStep, u, uPosition, scratch, half }) => {
      const kernels = f.let(i32.mul(rows, count));
      const lanes = f.let(i32.shl(i32.shr_u(i32.add(kernels, 3), 2), 4));
      const [taps, to] = [f.let(i32.mul(r, s)), f.let(scratch)];
      countDown(f, rows, () => {
        f.call(transpose, count, taps, g, gStep, to, lanes);
        f.add(g, gRow);
        f.add(to, i32.shl(count, 2));
      });
      // The s columns of all kernels side by side, then each row of their results.
      const pitch = f.let(i32.mul(lanes, s));
      callPass(f, columnPasses, r, i32.shr_u(pitch, 2), scratch, pitch, half, pitch);
      countDown(f, height, () => {
        callPass(f, columnPasses, s, kernels, half, lanes, u, uPosition);
        f.add(half, pitch);
        f.add(u, i32.mul(uPosition, width));
      });
    },
    { export: true },
  );
}

/** The passes of one kind by the size of the kernel or of the tile along their axis. */
type Passes = ReadonlyMap<number, Pass>;

function passes(sizes: Iterable<number>, make: (size: number) => Pass): Passes {
  return new Map([...sizes].map((size) => [size, make(size)]));
}

/** Calls the pass of the size that a local holds. */
function callPass(f: FunctionBuilder, passes: Passes, size: I32, ...operands: readonly Operand<'i32'>[]): void {
  for (const [n, pass] of passes) f.if(i32.eq(size, n), () => f.call(pass, ...operands));
}

export function simdWinogradNumbers(tile: WinogradEdge, r: number, s: number): TileNumbers {
  return { ...winogradSizes(tile, r, s), wholeRows: true, roundings: () => winogradRoundings(tile, r, s) };
}

/** The transforms of a tile. */
export function simdWinogradTile(
  exports: SimdExports<typeof emitWinograd>,
  scratch: number,
  tile: WinogradEdge,
  r: number,
  s: number,
): TileTransform {
  const sizes = winogradSizes(tile, r, s);
  const { height, width, outputHeight, outputWidth, positions } = sizes;
  const inputTransform = exports[`winograd_input_${tile}__simd`];
  const inputApart = exports[`winograd_input_apart_${tile}__simd`];
  const kernelTransform = exports[`winograd_kernel_${tile}__simd`];
  const outputTransform = exports[`winograd_output_${tile}__simd`];
  const outputApart = exports[`winograd_output_apart_${tile}__simd`];
  const scatter = exports.winograd_scatter__simd;
  const gather = exports.winograd_gather__simd;
  const stage = scratch + STAGE;
  const outputTiles = tilesIn(outputWidth, outputWidth);
  const apartTiles = tilesIn(width, APART);
  const tapsOfFour = 4 * Math.ceil((r * s) / 4);
  const mostKernels = Math.min(KERNELS, Math.floor(KERNEL_BYTES / 4 / (tapsOfFour + s * height))) & ~3;
  const half = scratch + 4 * tapsOfFour * mostKernels;

  // U = G g Gᵀ
  const kernel: TileTransform['kernel'] = (count, g, gStep, u, uStep, uPosition) => {
    const isStaged = count < 4 || uStep !== 1;
    const most = isStaged ? STAGED_KERNELS : mostKernels;
    for (let i = 0; i < count; i += most) {
      const n = Math.min(most, count - i);
      const [from, to] = [(g + i * gStep) << 2, (u + i * uStep) << 2];
      if (n >= 4 && !isStaged) {
        kernelTransform(r, s, height, width, 1, n, from, 0, gStep << 2, to, uPosition << 2, scratch, half);
      } else {
        const between = scratch + HALFWAY;
        kernelTransform(r, s, height, width, 1, n, from, 0, gStep << 2, stage, STRIP_PITCH, scratch, between);
        scatter(positions, n, stage, to, uPosition << 2, uStep << 2);
      }
    }
  };
  const kernelsOneRowAtATime = kernelsRowByRow(kernel);

  return {
    ...sizes,
    ...winogradBias(tile, r, s),
    wholeRows: true,

    // V = Bᵀ d B
    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      if (count >= 4 && vStep === 1 && dStep > APART) {
        eachOfMost(count, apartTiles, (i, n) => {
          const [from, to] = [(d + i * dStep) << 2, (v + i) << 2];
          inputApart(height, width, n, from, dPitch << 2, dStep << 2, to, vPosition << 2, scratch);
        });
        return;
      }
      const most = tilesIn(width, dStep);
      for (let i = 0; i < count; i += most) {
        const n = Math.min(most, count - i);
        const columns = (n - 1) * dStep + width;
        // Four tiles are read even if there is only one, whose step could lead out of the scratch.
        const step = n > 1 ? dStep << 2 : 0;
        const from = (d + i * dStep) << 2;
        const to = (v + i * vStep) << 2;
        if (n >= 4 && vStep === 1) {
          inputTransform(height, width, columns, n, from, dPitch << 2, step, to, vPosition << 2, scratch);
        } else {
          inputTransform(height, width, columns, n, from, dPitch << 2, step, stage, STRIP_PITCH, scratch);
          scatter(positions, n, stage, to, vPosition << 2, vStep << 2);
        }
      }
    },

    kernel,

    kernelRows(rows, count, g, gRow, gStep, u, uRow, uPosition) {
      if (count === 0 || count % 4 > 0 || count > mostKernels || uRow !== count) {
        kernelsOneRowAtATime(rows, count, g, gRow, gStep, u, uRow, uPosition);
        return;
      }
      const most = Math.floor(mostKernels / count);
      for (let i = 0; i < rows; i += most) {
        const [n, from, to] = [Math.min(most, rows - i), (g + i * gRow) << 2, (u + i * count) << 2];
        kernelTransform(r, s, height, width, n, count, from, gRow << 2, gStep << 2, to, uPosition << 2, scratch, half);
      }
    },

    // Y = Aᵀ m A
    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      if (count >= 4 && mStep === 1 && yStep !== outputWidth && outputWidth >= 4) {
        eachOfMost(count, outputTiles, (i, n) => {
          const [from, to] = [(m + i) << 2, (y + i * yStep) << 2];
          outputApart(r, s, height, outputWidth, n, from, mPosition << 2, to, yPitch << 2, yStep << 2, scratch);
        });
        return;
      }
      // Tiles that are not side by side in Y are done one by one.
      const most = yStep === outputWidth ? outputTiles : 1;
      for (let i = 0; i < count; i += most) {
        const n = Math.min(most, count - i);
        const columns = n * outputWidth;
        let from = (m + i * mStep) << 2;
        let position = mPosition << 2;
        if (mStep !== 1) {
          gather(positions, n, from, position, mStep << 2, stage);
          from = stage;
          position = STRIP_PITCH;
        }
        const to = (y + i * yStep) << 2;
        if (columns >= 4) {
          outputTransform(r, s, height, columns, n, from, position, to, yPitch << 2, scratch);
        } else {
          outputTransform(r, s, height, columns, n, from, position, stage, STRIP_PITCH, scratch);
          scatter(outputHeight, columns, stage, to, yPitch << 2, 4);
        }
      }
    },
  };
}

/** Up to `most` of `count` items at a time, and never fewer than four: the last ones are then done twice. */
function eachOfMost(count: number, most: number, body: (first: number, n: number) => void): void {
  for (let i = 0; i < count; i += most) {
    const n = Math.max(4, Math.min(most, count - i));
    body(Math.min(i, count - n), n);
  }
}

/** How many tiles, `step` apart, fit into a strip: whole vectors of four, or fewer. */
function tilesIn(width: number, step: number): number {
  if (step === 0) return STRIP_COLUMNS;
  const tiles = Math.floor((STRIP_COLUMNS - width) / step) + 1;
  return tiles < 4 ? tiles : tiles & ~3;
}
