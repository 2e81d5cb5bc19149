/**
 * The parts of a Fourier transform of four tiles, as emitted functions of one loop each. The arithmetic is the text of
 * maths/fourier-program.ts; between two passes lies a half spectrum of the columns, T rows of T elements:
 *
 *   strip   the elements of a row side by side, those of a tile after those of the tile before
 *   z       one vector for each element, with the four tiles in its lanes
 *
 * Columns are transformed in strips, four at a time, and rows in z, four tiles at a time. In both, rows are four tiles
 * of T elements apart.
 */

import { fourierPosition } from '../../maths/fourier-layout.ts';
import {
  type FourierEdge,
  forwardColumn,
  forwardComplexRow,
  forwardRealRows,
  inverseColumn,
  inverseComplexRow,
  inverseRealRows,
} from '../../maths/fourier-program.ts';
import {
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  f32,
  f32x4,
  i32,
  type Module,
  v128,
} from '../../wasm/index.ts';
import { integers } from './parameters.ts';
import { prepareProgram, type Spaces } from './straight-line.ts';
import { transpose4x4 } from './transpose.ts';
import { countDown, fourPlaces, type I32, stepsWithin } from './winograd-vectors.ts';

export type Procedure = FunctionReference<never>;

/** Bytes between rows of a strip, and of z. */
export const rowBytes = (edge: FourierEdge): number => 16 * edge;

// ---- along the columns ----

/** Rows of the tile at d, `pitch` apart → a strip: so many times four columns. */
export function emitForwardColumns(module: Module, edge: FourierEdge, abreast: number): Procedure {
  const parameters = integers('vectors', 'd', 'pitch', 'strip', 'parked');
  return module.function(`ft${edge}x${edge}_forward_columns__simd`, parameters, [], (f, p) => {
    const pointer = f.local('i32');
    const memory = { pointer, distance: p.pitch };
    const program = forwardColumn(edge);
    eachVector(f, p.vectors, abreast, (groups) => {
      const column = prepareProgram(f, program, { memory, scratch: p.strip, parked: p.parked }, groups);
      return () => {
        f.set(pointer, p.d);
        column();
        for (const at of [p.d, p.strip]) f.add(at, 16 * groups);
      };
    });
  });
}

/** A strip → the first `height` rows of y: so many times four columns. */
export function emitInverseColumns(module: Module, edge: FourierEdge, abreast: number): Procedure {
  const parameters = integers('vectors', 'strip', 'y', 'pitch', 'height', 'parked');
  return module.function(`ft${edge}x${edge}_inverse_columns__simd`, parameters, [], (f, p) => {
    const pointer = f.local('i32');
    const program = inverseColumn(edge);
    const spaces: Spaces = {
      memory: { pointer, distance: p.pitch },
      condition: (i) => (i === 0 ? undefined : i32.gt_u(p.height, i)),
      scratch: p.strip,
      parked: p.parked,
    };
    eachVector(f, p.vectors, abreast, (groups) => {
      const column = prepareProgram(f, program, spaces, groups);
      return () => {
        f.set(pointer, p.y);
        column();
        for (const at of [p.y, p.strip]) f.add(at, 16 * groups);
      };
    });
  });
}

/**
 * One to `count` vectors, so many abreast as long as there are as many. `prepare` emits what comes before the loop, and gives
 * what emits its body.
 */
function eachVector(f: FunctionBuilder, count: I32, abreast: number, prepare: (groups: number) => () => void): void {
  if (abreast > 1) {
    const several = prepare(abreast);
    f.loop(i32.ge_u(count, abreast), () => {
      several();
      f.add(count, -abreast);
    });
  }
  const single = prepare(1);
  f.loop(count, () => {
    single();
    f.add(count, -1);
  });
}

// ---- along the rows ----

/** z → V = (a + b, b, a) of four tiles, positions `position` bytes apart. */
export const emitForwardRows = (module: Module, edge: FourierEdge): Procedure => emitRows(module, edge, 'forward');

/** M of four tiles → z. */
export const emitInverseRows = (module: Module, edge: FourierEdge): Procedure => emitRows(module, edge, 'inverse');

function emitRows(module: Module, edge: FourierEdge, direction: 'forward' | 'inverse'): Procedure {
  const isForward = direction === 'forward';
  const realRows = isForward ? forwardRealRows(edge, 'input') : inverseRealRows(edge);
  const complexRow = isForward ? forwardComplexRow(edge, 'input') : inverseComplexRow(edge);
  const parameters = integers('v', 'position', 'z', 'parked');
  return module.function(`ft${edge}x${edge}_${direction}_rows__simd`, parameters, [], (f, p) => {
    // The pointer starts anew at each row: if the loop carried it on, V8 would compute all its values in advance.
    const pointer = f.let(p.v);
    const spaces = { memory: { pointer, distance: p.position }, scratch: p.z, parked: p.parked };
    prepareProgram(f, realRows, spaces)();
    f.add(p.v, i32.mul(p.position, fourierPosition(edge, 1, 0)));
    const next = f.let(i32.mul(p.position, 3 * edge));
    const row = prepareProgram(f, complexRow, spaces);
    countDown(f, f.let(i32.const(edge / 2 - 1)), () => {
      f.add(p.z, 2 * rowBytes(edge));
      f.set(pointer, p.v);
      row();
      f.add(p.v, next);
    });
  });
}

// ---- between strips and z ----

/**
 * Four tiles of a strip, `step` bytes apart → z: so many rows of so many times four elements. With fewer than four
 * tiles, the last one stands for those that are missing.
 */
export function emitStripToLanes(module: Module): Procedure {
  const parameters = integers('strip', 'step', 'tiles', 'z', 'rows', 'blocks', 'pitch');
  return module.function('fourier_strip_to_lanes__simd', parameters, [], (f, p) => {
    const tiles = fourPlaces(f, p.strip, stepsWithin(f, p.tiles, p.step));
    countDown(f, p.rows, () => {
      const [at, to] = [f.let(i32.const(0)), f.let(p.z)];
      countDown(f, f.let(p.blocks), () => {
        const rows = tiles.map((tile) => v128.load(i32.add(tile, at)));
        transpose4x4(f, rows).forEach((column, j) => {
          f.emit(v128.store(to, column, { offset: 16 * j }));
        });
        f.add(at, 16);
        f.add(to, 64);
      });
      for (const pointer of [...tiles, p.z]) f.add(pointer, p.pitch);
    });
  });
}

/**
 * z → four tiles of a strip, `step` bytes apart: so many rows of so many times four elements. The last block is first,
 * because the next tile's first block overwrites what it writes beyond its tile.
 */
export function emitLanesToStrip(module: Module): Procedure {
  const parameters = integers('z', 'strip', 'step', 'rows', 'blocks', 'pitch');
  return module.function('fourier_lanes_to_strip__simd', parameters, [], (f, p) => {
    const tiles = fourPlaces(f, p.strip, [p.step, p.step, p.step]);
    countDown(f, p.rows, () => {
      const end = i32.shl(p.blocks, 4);
      const [at, from] = [f.let(end), f.let(i32.add(p.z, i32.shl(end, 2)))];
      countDown(f, f.let(p.blocks), () => {
        f.add(at, -16);
        f.add(from, -64);
        const columns = [0, 16, 32, 48].map((offset) => v128.load(from, { offset }));
        transpose4x4(f, columns).forEach((row, t) => {
          f.emit(v128.store(i32.add(tiles[t], at), row));
        });
      });
      for (const pointer of [...tiles, p.z]) f.add(pointer, p.pitch);
    });
  });
}

// ---- positions ----

/** V = (a + b, b, a) → U = (c, c − d, c + d) of four kernels, side by side in w and `position` bytes apart in u. */
export function emitKernelPlanes(module: Module): Procedure {
  const parameters = integers('complexes', 'w', 'u', 'position');
  return module.function('fourier_kernel_planes__simd', parameters, [], (f, p) => {
    const write = (vector: Expression<'v128'>): void => {
      f.emit(v128.store(p.u, vector));
      f.add(p.u, p.position);
    };
    for (const offset of [0, 16, 32, 48]) write(v128.load(p.w, { offset }));
    countDown(f, p.complexes, () => {
      const [sum, d, c] = [64, 80, 96].map((offset) => f.let(v128.load(p.w, { offset })));
      for (const plane of [c, f32x4.sub(c, d), sum]) write(plane);
      f.add(p.w, 48);
    });
  });
}

/** y + i · yPitch + j · yStep = x + i · xPitch + j · xStep, element by element: tiles' positions to and from w. */
export function emitCopy(module: Module): Procedure {
  const parameters = integers('rows', 'columns', 'x', 'xPitch', 'xStep', 'y', 'yPitch', 'yStep');
  return module.function('fourier_copy__simd', parameters, [], (f, p) => {
    countDown(f, p.columns, () => {
      const [from, to] = [f.let(p.x), f.let(p.y)];
      countDown(f, f.let(p.rows), () => {
        f.emit(f32.store(to, f32.load(from)));
        f.add(from, p.xPitch);
        f.add(to, p.yPitch);
      });
      f.add(p.x, p.xStep);
      f.add(p.y, p.yStep);
    });
  });
}
