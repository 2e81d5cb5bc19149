/**
 * Emitted Fourier transforms: the same bits as their text run in float32 one tile at a time, in every layout, for every
 * r × s, and nothing else written; and within the bound that the text's roundings give, of the reference table.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kernelNumbers } from '../../src/kernels/numbers.ts';
import { referenceFourierTile } from '../../src/kernels/reference/fourier.ts';
import { SCRATCH_BYTES, type SimdExports } from '../../src/kernels/simd/exports.ts';
import { emitFourier, simdFourierTile } from '../../src/kernels/simd/fourier.ts';
import type { TileTransform } from '../../src/kernels/table.ts';
import { fourierPosition, fourierPositions, halfSpectrum, isRealFrequency } from '../../src/maths/fourier-layout.ts';
import {
  FOURIER_EDGES,
  type FourierEdge,
  forwardColumn,
  forwardComplexRow,
  forwardRealRows,
  inverseColumn,
  inverseComplexRow,
  inverseRealRows,
} from '../../src/maths/fourier-program.ts';
import { fourierRoundings } from '../../src/maths/fourier-roundings.ts';
import type { Program, Space } from '../../src/maths/straight-line.ts';
import { Module } from '../../src/wasm/index.ts';
import { runs } from '../support/runs.ts';
import { EPSILON, generator, randomFloats, randomFloatsWithSpecials } from './harness.ts';

const PAGE = 65536;
const SLACK = 1 + 2 ** -10;
const range = (n: number) => Array.from({ length: n }, (_, k) => k);

// ---- the emitted module ----

type FourierExports = SimdExports<typeof emitFourier>;

function emitted(edge: FourierEdge): Module {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: PAGE, shared: true });
  emitFourier(module, edge, 1);
  return module;
}

const compiled = FOURIER_EDGES.map((edge) => new WebAssembly.Module(emitted(edge).encode()));

/** A memory of its own; the scratch is at its beginning, unaligned data may follow from the word after it. */
function instantiate(pages: number): { f32: Float32Array; words: Int32Array; exports: FourierExports } {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: PAGE, shared: true });
  const instances = compiled.map((module) => new WebAssembly.Instance(module, { env: { memory } }));
  const exports: FourierExports = Object.assign({}, ...instances.map((instance) => instance.exports));
  return { f32: new Float32Array(memory.buffer), words: new Int32Array(memory.buffer), exports };
}

const DATA = SCRATCH_BYTES / 4;
const usual = instantiate(80);

// ---- the text, run on numbers ----

type Places = Readonly<Record<Space, { read(index: number): number; write(index: number, value: number): void }>>;

const at = (array: { [index: number]: number }, offset = 0, step = 1) => ({
  read: (index: number) => array[offset + index * step],
  write: (index: number, value: number) => {
    array[offset + index * step] = value;
  },
});

/** Every operation rounded to float32. */
function execute(program: Program, places: Omit<Places, 'parked'>): void {
  const round = Math.fround;
  const spaces: Places = { ...places, parked: at([]) };
  const values: number[] = [];
  for (const statement of program.statements()) {
    const [a, b] = statement.operands.map((operand) => values[operand]);
    if (statement.operation === 'write') {
      spaces[statement.place.space].write(statement.place.index, statement.isNegated ? -a : a);
    } else if (statement.operation === 'read') {
      values[statement.value] = spaces[statement.place.space].read(statement.place.index);
    } else if (statement.operation === 'multiply') {
      values[statement.value] = round(a * round(statement.factor));
    } else {
      values[statement.value] = round(statement.operation === 'add' ? a + b : a - b);
    }
  }
}

const PROGRAMS = new Map(
  ([8, 16] as const).map((edge) => [
    edge,
    {
      forwardColumn: forwardColumn(edge),
      forwardRealRows: forwardRealRows(edge, 'input'),
      forwardComplexRow: forwardComplexRow(edge, 'input'),
      inverseColumn: inverseColumn(edge),
      inverseRealRows: inverseRealRows(edge),
      inverseComplexRow: inverseComplexRow(edge),
    },
  ]),
);
const programsOf = (edge: FourierEdge) => PROGRAMS.get(edge) as NonNullable<ReturnType<typeof PROGRAMS.get>>;

/** V of the first columns of a tile x(i, j); the others are zero. */
function forward(edge: FourierEdge, x: (i: number, j: number) => number, columns = edge as number): number[] {
  const programs = programsOf(edge);
  const scratch = new Array<number>(edge ** 2).fill(0);
  const v: number[] = [];
  for (let j = 0; j < columns; j++) {
    const tile = { read: (i: number) => x(i, j), write: () => expect.fail('a tile is not written') };
    execute(programs.forwardColumn, { memory: tile, scratch: at(scratch, j) });
  }
  execute(programs.forwardRealRows, { memory: at(v), scratch: at(scratch) });
  for (let k = 1; k < edge / 2; k++) {
    const row = { memory: at(v, fourierPosition(edge, k, 0)), scratch: at(scratch, 2 * k * edge) };
    execute(programs.forwardComplexRow, row);
  }
  return v;
}

/** U = (c, c − d, c + d) from V = (a + b, b, a) of the same. */
function kernelPlanes(v: readonly number[]): number[] {
  return v.map((value, p) => {
    if (p < 4) return value;
    const [sum, d, c] = v.slice(p - ((p - 4) % 3), p - ((p - 4) % 3) + 3);
    return [c, Math.fround(c - d), sum][(p - 4) % 3];
  });
}

/** The whole tile y. */
function inverse(edge: FourierEdge, m: readonly number[]): number[] {
  const programs = programsOf(edge);
  const scratch: number[] = [];
  const y: number[] = [];
  execute(programs.inverseRealRows, { memory: at([...m]), scratch: at(scratch) });
  for (let k = 1; k < edge / 2; k++) {
    const row = { memory: at([...m], fourierPosition(edge, k, 0)), scratch: at(scratch, 2 * k * edge) };
    execute(programs.inverseComplexRow, row);
  }
  for (let j = 0; j < edge; j++) {
    execute(programs.inverseColumn, { memory: at(y, j, edge), scratch: at(scratch, j) });
  }
  return y;
}

// ---- one call ----

/** What a call reads and what it is to write, by word from the beginning of its data. */
interface Call {
  readonly reads: readonly number[];
  readonly run: (tile: TileTransform, data: number) => void;
  readonly expected: (read: (word: number) => number) => Map<number, number>;
  readonly length: number;
}

interface Layout {
  readonly count: number;
  /** Words before everything, between tiles and at the end of each row. */
  readonly before: number;
  readonly gap: number;
  /** Tiles are neighbours at each position, as the lanes are. */
  readonly areNeighbours: boolean;
  /** Words between the beginnings of input tiles. */
  readonly dStep: number;
}

const layoutOf = (edge: number): fc.Arbitrary<Layout> =>
  fc.record({
    count: fc.oneof(fc.nat(9), fc.nat(40)),
    before: fc.nat(20),
    gap: fc.nat(3),
    areNeighbours: fc.boolean(),
    dStep: fc.integer({ min: 1, max: edge + 3 }),
  });

function planesOf(edge: FourierEdge, { count, gap, areNeighbours }: Layout) {
  const positions = fourierPositions(edge);
  return areNeighbours
    ? { step: 1, position: count + gap, length: positions * (count + gap) }
    : { step: positions + gap, position: 1, length: count * (positions + gap) };
}

function inputCall(edge: FourierEdge, layout: Layout): Call {
  const { count, before, gap, dStep } = layout;
  const { step, position, length } = planesOf(edge, layout);
  const pitch = count * dStep + edge + gap;
  const v = before + edge * pitch;
  const word = (t: number, i: number, j: number) => before + t * dStep + i * pitch + j;
  return {
    reads: range(count).flatMap((t) => range(edge ** 2).map((n) => word(t, Math.floor(n / edge), n % edge))),
    run: (tile, data) => tile.input(count, data + before, pitch, dStep, data + v, step, position),
    expected: (read) =>
      new Map(
        range(count).flatMap((t) =>
          forward(edge, (i, j) => read(word(t, i, j))).map((value, p) => [v + t * step + p * position, value] as const),
        ),
      ),
    length: v + length,
  };
}

function kernelCall(edge: FourierEdge, r: number, s: number, layout: Layout): Call {
  const { count, before, gap } = layout;
  const { step, position, length } = planesOf(edge, layout);
  const gStep = r * s + gap;
  const u = before + count * gStep;
  return {
    reads: range(count).flatMap((t) => range(r * s).map((n) => before + t * gStep + n)),
    run: (tile, data) => tile.kernel(count, data + before, gStep, data + u, step, position),
    expected: (read) =>
      new Map(
        range(count).flatMap((t) => {
          const tap = (i: number, j: number) => (i < r ? read(before + t * gStep + i * s + j) : 0);
          return kernelPlanes(forward(edge, tap, s)).map((value, p) => [u + t * step + p * position, value] as const);
        }),
      ),
    length: u + length,
  };
}

function outputCall(edge: FourierEdge, r: number, s: number, layout: Layout): Call {
  const { count, before, gap } = layout;
  const { step, position, length } = planesOf(edge, layout);
  const [height, width] = [edge - r + 1, edge - s + 1];
  const yStep = width + gap;
  const pitch = count * yStep + gap;
  const y = before + length;
  const word = (t: number, p: number) => before + t * step + p * position;
  return {
    reads: range(count).flatMap((t) => range(fourierPositions(edge)).map((p) => word(t, p))),
    run: (tile, data) => tile.output(count, data + before, step, position, data + y, pitch, yStep),
    expected: (read) =>
      new Map(
        range(count).flatMap((t) => {
          const whole = inverse(
            edge,
            range(fourierPositions(edge)).map((p) => read(word(t, p))),
          );
          return range(height * width).map((n) => {
            const [i, j] = [Math.floor(n / width), n % width];
            return [y + t * yStep + i * pitch + j, whole[i * edge + j]] as const;
          });
        }),
      ),
    length: y + height * pitch,
  };
}

/** No two alike, and NaN: whatever of it is computed with shows, and so does whatever is written over it. */
const guard = (word: number) => 0x7fc00000 | (word & 0xfffff);

/** Runs a call among guards, from a word of the memory on. */
function check(call: Call, tile: TileTransform, values: Float32Array, { f32, words } = usual, data = DATA): void {
  const end = call.length + 16;
  for (let word = 0; word < end; word++) words[data + word] = guard(word);
  call.reads.forEach((word, n) => {
    f32[data + word] = values[n % values.length];
  });
  const before = words.slice(data, data + end);
  const expected = call.expected((word) => f32[data + word]);
  call.run(tile, data);
  for (let word = 0; word < end; word++) {
    const value = expected.get(word);
    if (value === undefined) {
      if (words[data + word] !== before[word]) expect.fail(`word ${word} is not this call's to write`);
    } else if (!Object.is(f32[data + word], value)) {
      expect.fail(`word ${word}: ${f32[data + word]}, expected ${value}`);
    }
  }
}

const tileOf = (edge: FourierEdge, r: number, s: number, { exports } = usual) =>
  simdFourierTile(exports, 0, edge, r, s);

/** Mostly of one size, now and then NaN, infinite, or near the ends of the range. */
const valuesOf = (seed: number) =>
  seed % 4 === 0 ? randomFloatsWithSpecials(seed, 997, 500) : randomFloats(seed, 997);

describe.each([8, 16] as const)('emitted transforms of ft%i, bit for bit', (edge) => {
  const size = fc.oneof(fc.constantFrom(1, 2, 3, edge - 1, edge), fc.integer({ min: 1, max: edge }));
  const numRuns = runs(edge === 8 ? 100 : 40);

  it('input', () => {
    fc.assert(
      fc.property(layoutOf(edge), fc.integer(), (layout, seed) =>
        check(inputCall(edge, layout), tileOf(edge, 1, 1), valuesOf(seed)),
      ),
      { numRuns },
    );
  });

  it('kernel', () => {
    fc.assert(
      fc.property(layoutOf(edge), fc.integer(), size, size, (layout, seed, r, s) =>
        check(kernelCall(edge, r, s, layout), tileOf(edge, r, s), valuesOf(seed)),
      ),
      { numRuns },
    );
  });

  it('output', () => {
    fc.assert(
      fc.property(layoutOf(edge), fc.integer(), size, size, (layout, seed, r, s) =>
        check(outputCall(edge, r, s, layout), tileOf(edge, r, s), valuesOf(seed)),
      ),
      { numRuns },
    );
  });

  it('every number of tiles from 1 to 40', () => {
    for (let count = 1; count <= 40; count++) {
      const layout = { count, before: count % 7, gap: count % 3, areNeighbours: count % 2 === 0, dStep: edge - 2 };
      const values = randomFloats(count, 997);
      check(inputCall(edge, layout), tileOf(edge, 3, 3), values);
      check(kernelCall(edge, 3, 3, layout), tileOf(edge, 3, 3), values);
      check(outputCall(edge, 3, 3, layout), tileOf(edge, 3, 3), values);
    }
  });

  it.each([kernelCall, outputCall])('every r and s', (call) => {
    for (const [r, s] of range(edge ** 2).map((n) => [Math.floor(n / edge) + 1, (n % edge) + 1])) {
      // One tile alone, or six: four, and four of which two are done again.
      const layout = { count: (r + s) % 3 === 0 ? 6 : 1, before: 1, gap: 0, areNeighbours: r % 2 === 0, dStep: edge };
      check(call(edge, r, s, layout), tileOf(edge, r, s), randomFloats(r * 100 + s, 997));
    }
  });

  it('beyond 2 GiB', () => {
    const far = instantiate(40_000);
    const layout = { count: 5, before: 3, gap: 0, areNeighbours: true, dStep: edge - 2 };
    for (const data of [2 ** 29 - 1000, 2 ** 29 + 4321]) {
      for (const call of [inputCall(edge, layout), kernelCall(edge, 3, 2, layout), outputCall(edge, 3, 2, layout)]) {
        check(call, tileOf(edge, 3, 2, far), randomFloats(data, 997), far, data);
      }
    }
  });

  it('reads at most 60 bytes beyond its range', () => {
    const { f32, exports } = usual;
    const tile = simdFourierTile(exports, 0, edge, 2, 2);
    const end = f32.length - 15;
    const positions = fourierPositions(edge);
    for (const count of [1, 2, 3, 4, 7]) {
      const pitch = count * edge + 1;
      // Beyond the memory's end it would trap.
      tile.input(count, end - (edge - 1) * pitch - count * edge, pitch, edge, DATA, 1, count);
      tile.input(
        count,
        end - (edge - 1) * 2 * pitch - (count - 1) * (edge + 1) - edge,
        2 * pitch,
        edge + 1,
        DATA,
        1,
        7,
      );
      tile.kernel(count, end - (count - 1) * 50 - 4, 50, DATA, 1, count);
      tile.output(count, end - count * positions, 1, count, DATA, count * edge, edge - 1);
    }
  });
});

// ---- accuracy ----

/** The reference table's transform of one dense tile, kernel or product. */
function byReference(edge: FourierEdge, transform: 'input' | 'output', x: ArrayLike<number>): Float32Array {
  const [read, written] =
    transform === 'input' ? [edge ** 2, fourierPositions(edge)] : [fourierPositions(edge), edge ** 2];
  const f32 = new Float32Array(read + written);
  f32.set(x);
  const tile = referenceFourierTile({ f32, i32: new Int32Array(0), u16: new Uint16Array(0) }, edge, 1, 1);
  if (transform === 'input') tile.input(1, 0, edge, 0, read, 0, 1);
  else tile.output(1, 0, 0, 1, read, edge, 0);
  return f32.subarray(read);
}

/** ‖X‖₂ over the whole spectrum: a value that stands for its conjugate counts twice. */
function spectrumNorm(edge: FourierEdge, v: ArrayLike<number>): number {
  let sum = 0;
  for (const [k, l] of halfSpectrum(edge)) {
    const p = fourierPosition(edge, k, l);
    sum += isRealFrequency(edge, k, l) ? v[p] ** 2 : 2 * (v[p + 2] ** 2 + v[p + 1] ** 2);
  }
  return Math.sqrt(sum);
}

const norm1 = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + Math.abs(value), 0);
const norm2 = (x: ArrayLike<number>) => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value ** 2, 0));
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a, (value, n) => value - b[n]);

/** Numbers of both signs over six binary orders of magnitude; or of one, or nearly constant, where sums grow most. */
const numbersFrom = fc.record({ seed: fc.integer(), kind: fc.constantFrom('any', 'one', 'flat') });
function numbers(n: number, { seed, kind }: { seed: number; kind: string }): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: n }, () => {
    if (kind === 'flat') return 1 + next() / 16;
    return (2 * next() - 1) * (kind === 'one' ? 1 : 2 ** (Math.floor(6 * next()) - 3));
  });
}

describe.each([8, 16] as const)('the roundings of ft%i', (edge) => {
  const { input, kernel, output } = fourierRoundings(edge);
  const positions = fourierPositions(edge);

  it('are those of the longest way', () => {
    expect({ input, kernel, output }).toEqual(
      edge === 8 ? { input: 14, kernel: 14, output: 14 } : { input: 16, kernel: 16, output: 16 },
    );
    expect(
      kernelNumbers('simd')
        .tileNumbers(edge === 8 ? 'ft8x8' : 'ft16x16', 3, 3)
        .roundings(),
    ).toEqual({
      input,
      kernel,
      output,
    });
  });

  it('bound the error of a spectrum by its norm', () => {
    fc.assert(
      fc.property(numbersFrom, (drawn) => {
        const x = numbers(edge ** 2, drawn);
        usual.f32.set(x, DATA);
        tileOf(edge, 1, 1).input(1, DATA, edge, 0, DATA + edge ** 2, 0, 1);
        const v = usual.f32.slice(DATA + edge ** 2, DATA + edge ** 2 + positions);
        const expected = byReference(edge, 'input', x);
        // All but the last, Gauss's sum, which is not in the norm; and the reference's own rounding.
        const bound = (input - 1 + 1) * EPSILON * SLACK * spectrumNorm(edge, expected);
        const error = spectrumNorm(edge, difference(v, expected));
        expect(error <= bound, `${error}, bound ${bound}`).toBe(true);
      }),
      { numRuns: runs(50) },
    );
  });

  it('bound the error of a tile by its norm', () => {
    fc.assert(
      fc.property(numbersFrom, (drawn) => {
        const m = numbers(positions, drawn);
        usual.f32.set(m, DATA);
        tileOf(edge, 1, 1).output(1, DATA, 0, 1, DATA + positions, edge, 0);
        const y = usual.f32.slice(DATA + positions, DATA + positions + edge ** 2);
        const expected = byReference(edge, 'output', m);
        const bound = (output + 1) * EPSILON * SLACK * norm2(expected);
        const error = norm2(difference(y, expected));
        expect(error <= bound, `${error}, bound ${bound}`).toBe(true);
      }),
      { numRuns: runs(50) },
    );
  });

  it('bound the error of a whole tile, summed over channels', () => {
    const drawn = fc.record({
      x: numbersFrom,
      w: numbersFrom,
      channels: fc.integer({ min: 1, max: 5 }),
      r: fc.integer({ min: 1, max: edge }),
      s: fc.integer({ min: 1, max: edge }),
    });
    fc.assert(
      fc.property(drawn, ({ x: xs, w: ws, channels, r, s }) => {
        const x = range(channels).map((c) => numbers(edge ** 2, { ...xs, seed: xs.seed + 2 * c }));
        const w = range(channels).map((c) => numbers(r * s, { ...ws, seed: ws.seed + 2 * c + 1 }));
        const y = wholeTile(edge, r, s, x, w);
        const norms = range(channels).reduce((sum, c) => sum + norm2(x[c]) * norm2(w[c]), 0);
        const tileNorm = range(channels).reduce((sum, c) => sum + norm2(x[c]) * norm1(w[c]), 0);
        const before = (3 * (channels + 2) + input - 1 + kernel - 1) * norms + (output - 1) * tileNorm;
        for (const [n, value] of y.entries()) {
          const [i, j] = [Math.floor(n / (edge - s + 1)), n % (edge - s + 1)];
          const exact = correlation(edge, r, s, x, w, i, j);
          const bound = (before + Math.abs(exact)) * EPSILON * SLACK;
          if (!(Math.abs(value - exact) <= bound))
            expect.fail(`y(${i}, ${j}) = ${value}, expected ${exact} ± ${bound}`);
        }
      }),
      { numRuns: runs(30) },
    );
  });
});

/** The frame in small: transforms, products at each position with sums in float32, the transform back. */
function wholeTile(edge: FourierEdge, r: number, s: number, x: Float32Array[], w: Float32Array[]): Float32Array {
  const { f32 } = usual;
  const positions = fourierPositions(edge);
  const tile = tileOf(edge, r, s);
  const [d, g, v, u, m, y] = range(6).map((n) => DATA + n * 1024);
  f32.fill(0, m, m + positions);
  for (const [c, xc] of x.entries()) {
    f32.set(xc, d);
    f32.set(w[c], g);
    tile.input(1, d, edge, 0, v, 0, 1);
    tile.kernel(1, g, 0, u, 0, 1);
    for (let p = 0; p < positions; p++) f32[m + p] += f32[v + p] * f32[u + p];
  }
  tile.output(1, m, 0, 1, y, edge - s + 1, 0);
  return f32.slice(y, y + (edge - r + 1) * (edge - s + 1));
}

/** Σ_c Σ_uv x_c(i + u, j + v) · w_c(u, v) */
function correlation(
  edge: number,
  r: number,
  s: number,
  x: readonly Float32Array[],
  w: readonly Float32Array[],
  i: number,
  j: number,
): number {
  let y = 0;
  for (const [c, xc] of x.entries()) {
    for (let n = 0; n < r * s; n++) y += xc[(i + Math.floor(n / s)) * edge + j + (n % s)] * w[c][n];
  }
  return y;
}
