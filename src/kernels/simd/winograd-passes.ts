/**
 * The passes of a Winograd transform L x Rᵀ as emitted functions, four columns or four tiles in the lanes of a vector.
 *
 * Tiles that follow one another in a row of the image make a strip. Along the columns of a strip the transform needs no
 * shuffle, and columns that two tiles share are done once; along its rows four tiles are transposed into the lanes.
 * Between the passes the strip lies in the scratch memory, its rows STRIP_PITCH apart.
 *
 * Addresses, pitches and steps are bytes.
 */
import { type FunctionBuilder, type FunctionReference, i32, type Module, v128 } from '../../wasm/index.ts';
import {
  byFours,
  byGroups,
  countDown,
  fourPlaces,
  type I32,
  loadEach,
  loadLanes,
  loadTiles,
  type Product,
  stepsWithin,
  storeEach,
  storeTiles,
  vectorPrograms,
} from './winograd-vectors.ts';

/** Bytes from row to row of a strip: an immediate of the code, and an odd number of cache lines. */
export const STRIP_PITCH = 33 * 64;
export const STRIP_COLUMNS = STRIP_PITCH / 4;

export type Pass = FunctionReference<never>;

/** From rows dPitch apart to rows of the strip. */
export function inputColumns(module: Module, name: string, bT: Product): Pass {
  return module.function(
    `winograd_input_columns_${name}__simd`,
    { columns: 'i32', d: 'i32', dPitch: 'i32', strip: 'i32' },
    [],
    (f, { columns, d, dPitch, strip }) => columnPass(f, bT, columns, [d, dPitch], [strip, STRIP_PITCH]),
  );
}

/** From rows of the strip to rows yPitch apart. */
export function outputColumns(module: Module, name: string, aT: Product): Pass {
  return module.function(
    `winograd_output_columns_${name}__simd`,
    { columns: 'i32', strip: 'i32', y: 'i32', yPitch: 'i32' },
    [],
    (f, { columns, strip, y, yPitch }) => columnPass(f, aT, columns, [strip, STRIP_PITCH], [y, yPitch]),
  );
}

/** From rows xPitch apart to rows yPitch apart: lanes are kernels, and both passes of a kernel go down columns. */
export function kernelColumns(module: Module, name: string, g: Product): Pass {
  return module.function(
    `winograd_kernel_${name}__simd`,
    { columns: 'i32', x: 'i32', xPitch: 'i32', y: 'i32', yPitch: 'i32' },
    [],
    (f, { columns, x, xPitch, y, yPitch }) => columnPass(f, g, columns, [x, xPitch], [y, yPitch]),
  );
}

/** y = M x down each of `count` columns. Fewer than four are done as four, so y must have room for four. */
function columnPass(
  f: FunctionBuilder,
  product: Product,
  count: I32,
  [x, xPitch]: readonly [at: I32, pitch: I32 | number],
  [y, yPitch]: readonly [at: I32, pitch: I32 | number],
): void {
  const programs = vectorPrograms(f, product);
  byGroups(
    f,
    count,
    product.abreast,
    (groups) => {
      const columns = loadEach(f, x, xPitch, product.matrix[0].length, groups);
      storeEach(
        f,
        y,
        yPitch,
        columns.map((column, g) => programs[g](column)),
      );
    },
    (move) => {
      f.add(x, i32.shl(move, 2));
      f.add(y, i32.shl(move, 2));
    },
  );
}

/**
 * From rows of the strip, with tile t of each at t·dStep, to positions: those of row i begin at i·width, tile t is at
 * v + 4·t. Fewer than four tiles are done as four.
 */
export function inputRows(module: Module, name: string, bT: Product): Pass {
  return module.function(
    `winograd_input_rows_${name}__simd`,
    { rows: 'i32', count: 'i32', strip: 'i32', dStep: 'i32', v: 'i32', vPosition: 'i32' },
    [],
    (f, { rows, count, strip, dStep, v, vPosition }) => {
      const programs = vectorPrograms(f, bT);
      countDown(f, rows, () => {
        const [x, y] = [f.let(strip), f.let(v)];
        byGroups(
          f,
          count,
          bT.abreast,
          (groups) => {
            const from = f.let(x);
            const tiles = programs.slice(0, groups).map((program, g) => {
              if (g > 0) f.add(from, i32.shl(dStep, 2));
              return program(loadTiles(f, fourPlaces(f, from, [dStep, dStep, dStep]), bT.matrix.length));
            });
            storeEach(f, y, vPosition, tiles);
          },
          (move) => {
            f.add(x, i32.mul(move, dStep));
            f.add(y, i32.shl(move, 2));
          },
        );
        f.add(strip, STRIP_PITCH);
        f.add(v, i32.mul(vPosition, bT.matrix.length));
      });
    },
  );
}

/**
 * The reverse: from positions to rows of the strip, the outputs of its tiles side by side. Four tiles at a time in every table:
 * the transposes keep an engine from packing pairs.
 */
export function outputRows(module: Module, name: string, aT: Product): Pass {
  return module.function(
    `winograd_output_rows_${name}__simd`,
    { rows: 'i32', count: 'i32', m: 'i32', mPosition: 'i32', strip: 'i32' },
    [],
    (f, { rows, count, m, mPosition, strip }) => {
      const [program] = vectorPrograms(f, { ...aT, abreast: 1 });
      const [positions, width] = [aT.matrix[0].length, 4 * aT.matrix.length];
      countDown(f, rows, () => {
        const [x, y] = [f.let(m), f.let(strip)];
        byFours(
          f,
          count,
          () => {
            const [columns] = loadEach(f, x, mPosition, positions);
            storeTiles(
              f,
              y,
              width,
              program(columns).map((column) => f.let(column)),
            );
          },
          (move) => {
            f.add(x, i32.shl(move, 2));
            f.add(y, i32.mul(move, width));
          },
        );
        f.add(m, i32.mul(mPosition, positions));
        f.add(strip, STRIP_PITCH);
      });
    },
  );
}

/** Four taps of four kernels at a time: tap t of kernel k from g + k·gStep + 4·t to y + 4·k + t·yPitch. */
export function transposeKernels(module: Module): Pass {
  return module.function(
    'winograd_kernel_transpose__simd',
    { count: 'i32', taps: 'i32', g: 'i32', gStep: 'i32', y: 'i32', yPitch: 'i32' },
    [],
    (f, { count, taps, g, gStep, y, yPitch }) => {
      const steps = stepsWithin(f, count, gStep);
      byFours(
        f,
        count,
        () => {
          const kernels = fourPlaces(f, g, steps);
          const [to, left] = [f.let(y), f.let(taps)];
          f.do(
            () => {
              storeEach(f, to, yPitch, [loadTiles(f, kernels, 4)]);
              for (const kernel of kernels) f.add(kernel, 16);
              f.add(to, i32.shl(yPitch, 2));
              f.add(left, -4);
            },
            i32.gt_s(left, 0),
          );
        },
        (move) => {
          f.add(g, i32.mul(move, gStep));
          f.add(y, i32.shl(move, 2));
        },
      );
    },
  );
}

/**
 * Rows of `count` elements from the stage, STRIP_PITCH apart, to y + j·yStep + row·yPitch. If `count` is below 4, lanes
 * beyond it are stored in the place of the last, before the last itself.
 */
export function emitScatter(module: Module) {
  return module.function(
    'winograd_scatter__simd',
    { rows: 'i32', count: 'i32', stage: 'i32', y: 'i32', yPitch: 'i32', yStep: 'i32' },
    [],
    (f, { rows, count, stage, y, yPitch, yStep }) => {
      const steps = stepsWithin(f, count, yStep);
      byFours(
        f,
        count,
        () => {
          const [from, places, left] = [f.let(stage), fourPlaces(f, y, steps), f.let(rows)];
          countDown(f, left, () => {
            const vector = f.let(v128.load(from));
            for (const lane of [3, 2, 1, 0]) f.emit(v128.store32_lane(places[lane], vector, lane));
            f.add(from, STRIP_PITCH);
            for (const place of places) f.add(place, yPitch);
          });
        },
        (move) => {
          f.add(stage, i32.shl(move, 2));
          f.add(y, i32.mul(move, yStep));
        },
      );
    },
    { export: true },
  );
}

/** The reverse: rows of `count` elements from x + j·xStep + row·xPitch to the stage. */
export function emitGather(module: Module) {
  return module.function(
    'winograd_gather__simd',
    { rows: 'i32', count: 'i32', x: 'i32', xPitch: 'i32', xStep: 'i32', stage: 'i32' },
    [],
    (f, { rows, count, x, xPitch, xStep, stage }) => {
      const steps = stepsWithin(f, count, xStep);
      byFours(
        f,
        count,
        () => {
          const [places, to, left] = [fourPlaces(f, x, steps), f.let(stage), f.let(rows)];
          countDown(f, left, () => {
            f.emit(v128.store(to, loadLanes(f, places, {})));
            f.add(to, STRIP_PITCH);
            for (const place of places) f.add(place, xPitch);
          });
        },
        (move) => {
          f.add(x, i32.mul(move, xStep));
          f.add(stage, i32.shl(move, 2));
        },
      );
    },
    { export: true },
  );
}
