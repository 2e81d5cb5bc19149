/**
 * Fourier transforms of tiles of 8 × 8 and 16 × 16 in emitted WebAssembly, four tiles at a time, in float32.
 *
 *   input     columns of d → strip, four at a time; strip → z, the four tiles in the lanes; rows of z → V
 *   kernel    taps of four kernels into lanes, zeros below; columns → z; rows of z → V → U
 *   output    rows of M → z → strip; columns of the strip → y, four at a time
 *
 * The programs of the passes are those of the scalar table (maths/fourier-program.ts); ./fourier-passes.ts makes
 * functions of them, and maths/fourier-roundings.ts derives the error that float32 adds. One function serves all r × s:
 * they only decide where a kernel ends and how much of y is written.
 *
 * Tiles that overlap in a row of the image share their columns: with a step of T − s + 1 the strip of four tiles has
 * 4 (T − s + 1) + s − 1 columns instead of 4 T.
 *
 * A position of four neighbouring tiles is one load or store of 16 bytes. Tiles that are apart, or fewer than four, go
 * through w, a copy of the four tiles' positions; a tile's result does not depend on which of these ways it takes.
 */

import { fourierPositions } from '../../maths/fourier-layout.ts';
import type { FourierEdge } from '../../maths/fourier-program.ts';
import { fourierRoundings } from '../../maths/fourier-roundings.ts';
import { type Expression, type FunctionBuilder, i32, type Module, memory, select } from '../../wasm/index.ts';
import { withKernelRows } from '../kernel-rows.ts';
import type { TileNumbers, TileTransform, TileUnits } from '../table.ts';
import { fourierBias, fourierSizes } from '../tile-sizes.ts';
import type { SimdExports } from './exports.ts';
import {
  emitCopy,
  emitForwardColumns,
  emitForwardRows,
  emitInverseColumns,
  emitInverseRows,
  emitKernelPlanes,
  emitLanesToStrip,
  emitStripToLanes,
  type Procedure,
  rowBytes,
} from './fourier-passes.ts';
import { once } from './once.ts';
import { integers } from './parameters.ts';
import { byFours, countDown, type I32 } from './winograd-vectors.ts';

export function emitFourier(module: Module, edge: FourierEdge, abreast: number) {
  const passes: Passes = {
    stripToLanes: once(module, emitStripToLanes),
    lanesToStrip: once(module, emitLanesToStrip),
    kernelPlanes: once(module, emitKernelPlanes),
    copy: once(module, emitCopy),
    forwardColumns: emitForwardColumns(module, edge, abreast),
    forwardRows: emitForwardRows(module, edge),
    inverseRows: emitInverseRows(module, edge),
    inverseColumns: emitInverseColumns(module, edge, abreast),
  };
  return [emitInput(module, edge, passes), emitKernel(module, edge, passes), emitOutput(module, edge, passes)];
}

type PassName =
  | 'forwardColumns'
  | 'forwardRows'
  | 'inverseRows'
  | 'inverseColumns'
  | 'stripToLanes'
  | 'lanesToStrip'
  | 'kernelPlanes'
  | 'copy';
type Passes = Readonly<Record<PassName, Procedure>>;

/** The parts of the scratch: two half spectra of four tiles, four tiles' positions, the values that a program parks. */
function partsOf(f: FunctionBuilder, edge: FourierEdge, scratch: I32): { z: I32; strip: I32; w: I32; parked: I32 } {
  const spectrum = edge * rowBytes(edge);
  const part = (offset: number): I32 => f.let(i32.add(scratch, offset));
  return {
    z: scratch,
    strip: part(spectrum),
    w: part(2 * spectrum),
    parked: part(2 * spectrum + 16 * fourierPositions(edge)),
  };
}

/** V = F(d) of `count` tiles. */
function emitInput(module: Module, edge: FourierEdge, passes: Passes) {
  const { forwardColumns, stripToLanes, forwardRows, copy } = passes;
  const parameters = integers('count', 'd', 'dPitch', 'dStep', 'v', 'vStep', 'vPosition', 'scratch');
  const body = (f: FunctionBuilder, p: { [Name in keyof typeof parameters]: I32 }): void => {
    const { z, strip, w, parked } = partsOf(f, edge, p.scratch);
    const step = f.local('i32');
    eachFour(f, p.count, [p.d, p.dStep], [p.v, p.vStep], (tiles) => {
      f.if(
        i32.le_u(p.dStep, 4 * edge),
        () => {
          f.set(step, p.dStep);
          const width = i32.add(i32.mul(i32.sub(tiles, 1), step), 4 * edge);
          f.call(forwardColumns, i32.shr_u(i32.add(width, 15), 4), p.d, p.dPitch, strip, parked);
        },
        () => {
          f.set(step, 4 * edge);
          const [from, to] = [f.let(p.d), f.let(strip)];
          countDown(f, f.let(tiles), () => {
            f.call(forwardColumns, edge / 4, from, p.dPitch, to, parked);
            f.add(from, p.dStep);
            f.add(to, step);
          });
        },
      );
      f.call(stripToLanes, strip, step, tiles, z, edge, edge / 4, rowBytes(edge));
      f.if(
        areNeighbours(tiles, p.vStep),
        () => f.call(forwardRows, p.v, p.vPosition, z, parked),
        () => {
          f.call(forwardRows, w, 16, z, parked);
          f.call(copy, fourierPositions(edge), tiles, w, 16, 4, p.v, p.vPosition, p.vStep);
        },
      );
    });
  };
  return module.function(nameOf(edge, 'input'), parameters, [], body, { export: true });
}

/** U = F(g) of `count` kernels of r × s. */
function emitKernel(module: Module, edge: FourierEdge, passes: Passes) {
  const { forwardColumns, stripToLanes, forwardRows, kernelPlanes, copy } = passes;
  const parameters = integers('count', 'g', 'gStep', 'u', 'uStep', 'uPosition', 'r', 's', 'scratch');
  const body = (f: FunctionBuilder, p: { [Name in keyof typeof parameters]: I32 }): void => {
    // Taps, four kernels in the lanes, take the place of a strip: rows of s vectors; those from row r on are zero.
    const { z, strip: taps, w, parked } = partsOf(f, edge, p.scratch);
    const size = f.let(i32.mul(p.r, p.s));
    const pitch = f.let(i32.shl(p.s, 4));
    const complexes = (fourierPositions(edge) - 4) / 3;
    // Columns from s on are zero, and so are their transforms.
    f.emit(memory.fill(z, 0, edge * rowBytes(edge)));
    eachFour(f, p.count, [p.g, p.gStep], [p.u, p.uStep], (kernels) => {
      f.call(stripToLanes, p.g, p.gStep, kernels, taps, 1, i32.shr_u(i32.add(size, 3), 2), 0);
      const end = f.let(i32.shl(size, 4));
      f.emit(memory.fill(i32.add(taps, end), 0, i32.sub(i32.mul(pitch, edge), end)));
      f.call(forwardColumns, p.s, taps, pitch, z, parked);
      f.call(forwardRows, w, 16, z, parked);
      f.if(
        areNeighbours(kernels, p.uStep),
        () => f.call(kernelPlanes, complexes, w, p.u, p.uPosition),
        () => {
          f.call(kernelPlanes, complexes, w, w, 16);
          f.call(copy, fourierPositions(edge), kernels, w, 16, 4, p.u, p.uPosition, p.uStep);
        },
      );
    });
  };
  return module.function(nameOf(edge, 'kernel'), parameters, [], body, { export: true });
}

/** y = F⁻¹(M), height × width of it, of `count` tiles. */
function emitOutput(module: Module, edge: FourierEdge, passes: Passes) {
  const { inverseRows, lanesToStrip, copy } = passes;
  const inverseStrip = emitInverseStrip(module, edge, passes);
  const parameters = integers('count', 'm', 'mStep', 'mPosition', 'y', 'yPitch', 'yStep', 'height', 'width', 'scratch');
  const body = (f: FunctionBuilder, p: { [Name in keyof typeof parameters]: I32 }): void => {
    const { z, strip, w, parked } = partsOf(f, edge, p.scratch);
    const step = f.let(i32.shl(p.width, 2));
    eachFour(f, p.count, [p.m, p.mStep], [p.y, p.yStep], (tiles) => {
      f.if(
        areNeighbours(tiles, p.mStep),
        () => f.call(inverseRows, p.m, p.mPosition, z, parked),
        () => {
          f.call(copy, fourierPositions(edge), tiles, p.m, p.mPosition, p.mStep, w, 16, 4);
          f.call(inverseRows, w, 16, z, parked);
        },
      );
      f.call(lanesToStrip, z, strip, step, edge, i32.shr_u(i32.add(p.width, 3), 2), rowBytes(edge));
      // Outputs that lie side by side are one strip.
      f.if(
        i32.eq(p.yStep, step),
        () => f.call(inverseStrip, i32.mul(tiles, p.width), strip, p.y, p.yPitch, p.height, z, parked),
        () => {
          const [from, to] = [f.let(strip), f.let(p.y)];
          countDown(f, f.let(tiles), () => {
            f.call(inverseStrip, p.width, from, to, p.yPitch, p.height, z, parked);
            f.add(from, step);
            f.add(to, p.yStep);
          });
        },
      );
    });
  };
  return module.function(nameOf(edge, 'output'), parameters, [], body, { export: true });
}

/** The columns of a strip → y, and nothing beside them: the last four overlap those before, one to three take a detour. */
function emitInverseStrip(module: Module, edge: FourierEdge, { inverseColumns, copy }: Passes): Procedure {
  const parameters = integers('width', 'strip', 'y', 'pitch', 'height', 'detour', 'parked');
  return module.function(`ft${edge}x${edge}_inverse_strip__simd`, parameters, [], (f, p) => {
    f.if(
      i32.lt_u(p.width, 4),
      () => {
        f.call(inverseColumns, 1, p.strip, p.detour, 16, p.height, p.parked);
        f.call(copy, p.height, p.width, p.detour, 16, 4, p.y, p.pitch, 4);
      },
      () => {
        f.call(inverseColumns, i32.shr_u(p.width, 2), p.strip, p.y, p.pitch, p.height, p.parked);
        f.if(i32.and(p.width, 3), () => {
          const last = f.let(i32.shl(i32.sub(p.width, 4), 2));
          f.call(inverseColumns, 1, i32.add(p.strip, last), i32.add(p.y, last), p.pitch, p.height, p.parked);
        });
      },
    );
  });
}

type Walk = readonly [pointer: I32, step: I32];

/** The body for four items at a time, or for all if they are fewer; the pointers move by their steps. */
function eachFour(f: FunctionBuilder, count: I32, from: Walk, to: Walk, body: (items: I32) => void): void {
  const items = f.let(select(count, i32.const(4), i32.lt_u(count, 4)));
  f.if(count, () =>
    byFours(
      f,
      count,
      () => body(items),
      (move) => {
        for (const [pointer, step] of [from, to]) f.add(pointer, i32.mul(move, step));
      },
    ),
  );
}

/** Whether there are four items, and each of their positions is one vector in memory. */
const areNeighbours = (items: I32, step: I32): Expression<'i32'> => i32.and(i32.eq(items, 4), i32.eq(step, 4));

const NAMES = { 8: 'ft8x8', 16: 'ft16x16' } as const;

function nameOf<const Transform extends 'input' | 'kernel' | 'output'>(edge: FourierEdge, transform: Transform) {
  return `${NAMES[edge]}_${transform}__simd` as const;
}

export const SIMD_FOURIER_UNITS: Readonly<Record<FourierEdge, TileUnits>> = {
  8: [58, 52, 60],
  16: [380, 370, 200],
};

export function simdFourierNumbers(edge: FourierEdge, r: number, s: number): TileNumbers {
  return { ...fourierSizes(edge, r, s), wholeRows: true, roundings: () => fourierRoundings(edge) };
}

/** The valid (T − r + 1) × (T − s + 1) correlations of a T × T tile with kernels of r × s; 1 ≤ r, s ≤ T. */
export function simdFourierTile(
  exports: SimdExports<typeof emitFourier>,
  scratch: number,
  edge: FourierEdge,
  r: number,
  s: number,
): TileTransform {
  const sizes = fourierSizes(edge, r, s);
  const { outputHeight, outputWidth } = sizes;
  const inputTransform = exports[nameOf(edge, 'input')];
  const kernelTransform = exports[nameOf(edge, 'kernel')];
  const outputTransform = exports[nameOf(edge, 'output')];
  return withKernelRows({
    ...sizes,
    ...fourierBias(edge),
    wholeRows: true,
    input(count, d, dPitch, dStep, v, vStep, vPosition) {
      inputTransform(count, d << 2, dPitch << 2, dStep << 2, v << 2, vStep << 2, vPosition << 2, scratch);
    },
    kernel(count, g, gStep, u, uStep, uPosition) {
      kernelTransform(count, g << 2, gStep << 2, u << 2, uStep << 2, uPosition << 2, r, s, scratch);
    },
    output(count, m, mStep, mPosition, y, yPitch, yStep) {
      const [from, step, position] = [m << 2, mStep << 2, mPosition << 2];
      const [to, pitch, width] = [y << 2, yPitch << 2, yStep << 2];
      outputTransform(count, from, step, position, to, pitch, width, outputHeight, outputWidth, scratch);
    },
  });
}
