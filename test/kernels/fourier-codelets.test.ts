import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateFourier } from '../../scripts/generate-fourier.ts';
import { scalarFourierTile } from '../../src/kernels/scalar/fourier.ts';
import { scalarFourierLargeTile } from '../../src/kernels/scalar/fourier-large.ts';
import { complexFourier } from '../../src/maths/fft-js.ts';
import { fourierPosition, fourierPositions, halfSpectrum, isRealFrequency } from '../../src/maths/fourier-layout.ts';

const slow = process.env.NNPACK_TEST_RUNS === 'slow';

/** Half a unit in the last place: the relative error of one rounding to float32, to double. */
const U32 = 2 ** -24;
const U64 = 2 ** -53;

/** In double a sum of T² terms, each with a root of unity of its own rounding, errs by less than this times Σ|x|. */
const doubleError = (T: number) => 8 * (T + 12) * U64;

interface Complex {
  readonly re: number;
  readonly im: number;
}

const modulus = ({ re, im }: Complex) => Math.hypot(re, im);
const distance = (a: Complex, b: Complex) => Math.hypot(a.re - b.re, a.im - b.im);
const norm1 = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + Math.abs(value), 0);
const norm2 = (x: ArrayLike<number>) => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0));

const tileOf = (memory: { f32: Float32Array; i32: Int32Array; u16: Uint16Array }, T: number) =>
  T <= 16
    ? scalarFourierTile(memory, T as 8 | 16, 1, 1)
    : scalarFourierLargeTile(memory, T as 32 | 64 | 128 | 256, 1, 1);

/** The positions of V of one dense tile x. */
function forward(T: number, x: ArrayLike<number>): Float32Array {
  const f32 = new Float32Array(T * T + fourierPositions(T)).fill(Number.NaN);
  f32.set(x);
  tileOf({ f32, i32: new Int32Array(0), u16: new Uint16Array(0) }, T).input(1, 0, T, 0, T * T, 0, 1);
  return f32.subarray(T * T);
}

/** The whole tile of the positions of M. */
function inverse(T: number, m: ArrayLike<number>): Float32Array {
  const f32 = new Float32Array(T * T + m.length).fill(Number.NaN);
  f32.set(m, T * T);
  tileOf({ f32, i32: new Int32Array(0), u16: new Uint16Array(0) }, T).output(1, T * T, 0, 1, 0, T, 0);
  return f32.subarray(0, T * T);
}

/** X(k, l) from V = (a + b, b, a). */
function spectrumOf(T: number, v: Float32Array): (k: number, l: number) => Complex {
  return (k, l) => {
    const position = fourierPosition(T, k, l);
    if (isRealFrequency(T, k, l)) return { re: v[position], im: 0 };
    return { re: v[position + 2], im: v[position + 1] };
  };
}

/** Σ_ij x(i, j) · e^(−2πi (ki + lj) / T) as it stands. */
function naive(T: number, x: ArrayLike<number>, k: number, l: number): Complex {
  let re = 0;
  let im = 0;
  for (let i = 0; i < T; i++) {
    for (let j = 0; j < T; j++) {
      const angle = (-2 * Math.PI * ((k * i + l * j) % T)) / T;
      re += x[i * T + j] * Math.cos(angle);
      im += x[i * T + j] * Math.sin(angle);
    }
  }
  return { re, im };
}

/** The same by fft.js: every row, then every column. */
function byFftJs(T: number, x: ArrayLike<number>): (k: number, l: number) => Complex {
  const fourier = complexFourier(T);
  const transform = (signal: readonly Complex[]): Complex[] => {
    const out = new Float64Array(2 * T);
    fourier.transform(out, Float64Array.from(signal.flatMap(({ re, im }) => [re, im])));
    return signal.map((_, n) => ({ re: out[2 * n], im: out[2 * n + 1] }));
  };
  const range = Array.from({ length: T }, (_, n) => n);
  const rows = range.map((i) => transform(range.map((j) => ({ re: x[i * T + j], im: 0 }))));
  const columns = range.map((l) => transform(rows.map((row) => row[l])));
  return (k, l) => columns[l][k];
}

/** T × T numbers in [−1, 1) from a seed, times `scale` of each. */
function tileFrom(T: number, seed: number, scale: (random: number) => number): number[] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  return Array.from({ length: T * T }, () => scale(next()) * next());
}

/** Float32 numbers of both signs over eight binary orders of magnitude. */
const tileOfFloats = (T: number) =>
  fc.integer().map((seed) => tileFrom(T, seed, (random) => 2 ** Math.round(4 * random)).map(Math.fround));

/** Integers whose sums are exact. */
const tileOfIntegers = (T: number) => fc.integer().map((seed) => tileFrom(T, seed, () => 1000).map(Math.round));

const check = (a: Complex, b: Complex, bound: number, what: string): void => {
  expect(distance(a, b) <= bound, `${what}: (${a.re}, ${a.im}) and (${b.re}, ${b.im}), bound ${bound}`).toBe(true);
};

describe('generated Fourier transforms', () => {
  const folder = new URL('../../src/kernels/scalar/generated/', import.meta.url);
  const files = generateFourier();

  it('are what the generator writes, and nothing else', () => {
    for (const [path, text] of files) {
      expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8') === text, path).toBe(true);
    }
    const present = readdirSync(folder).filter((name) => name.startsWith('fourier'));
    expect(present.sort()).toEqual([...files.keys()].map((path) => path.split('/').at(-1)).sort());
  });

  it.each([8, 16])('need no more operations at %i points than the split radix', (T) => {
    const text = files.get(`src/kernels/scalar/generated/fourier${T}.ts`) ?? '';
    const operations = (name: string): number => {
      const body = text.split(`export function ${name}(`)[1].split('\n}\n')[0];
      return body.match(/const t\d+ = t\d+ [-+*] /g)?.length ?? 0;
    };
    // Sorensen, Heideman & Burrus 1986, Sorensen, Jones, Heideman & Burrus 1987: real additions and multiplications.
    const real = 2 * T * Math.log2(T) - 4 * T + 6;
    const complex = 4 * T * Math.log2(T) - 6 * T + 8;
    // One addition more for each complex value that goes to three positions, two for each that comes from them.
    expect(operations('forwardColumns')).toBe(real);
    expect(operations('inputRealRows')).toBe(2 * (real + T / 2 - 1));
    expect(operations('inputComplexRows')).toBe(complex + T);
    expect(operations('kernelComplexRows')).toBe(complex + 2 * T);
    expect(operations('inverseComplexRows')).toBe(complex + 2 * T);
    // The inverse doubles what the forward transform adds up by symmetry: at ω^0 of each odd part.
    expect(operations('inverseRealRows')).toBe(2 * (real + 2 * (Math.log2(T) - 1) + 2 * (T / 2 - 1)));
    expect(operations('inverseColumns')).toBe(real + 2 * (Math.log2(T) - 1) + 2);
  });
});

describe.each([8, 16, 32, 64])('the spectrum of ft%i', (T) => {
  const frequencies = halfSpectrum(T);
  const numRuns = Math.ceil(((slow ? 20 : 1) * 64) / T);

  it('has a position of its own for every number', () => {
    const positions = frequencies.flatMap(([k, l]) => {
      const first = fourierPosition(T, k, l);
      return isRealFrequency(T, k, l) ? [first] : [first, first + 1, first + 2];
    });
    expect(positions.sort((a, b) => a - b)).toEqual(Array.from({ length: fourierPositions(T) }, (_, p) => p));
    // Every frequency of the tile is kept, or its conjugate is.
    const kept = new Set(frequencies.flatMap(([k, l]) => [k * T + l, ((T - k) % T) * T + ((T - l) % T)]));
    expect(kept.size).toBe(T * T);
  });

  it('equals that of fft.js, with the sum of real and imaginary part before them', () => {
    fc.assert(
      fc.property(tileOfFloats(T), (x) => {
        const v = forward(T, x);
        const X = spectrumOf(T, v);
        const expected = byFftJs(T, x);
        const inDouble = doubleError(T) * norm1(x);
        for (const [k, l] of frequencies) {
          const value = expected(k, l);
          check(X(k, l), value, U32 * modulus(value) + inDouble, `X(${k}, ${l})`);
          if (isRealFrequency(T, k, l)) continue;
          const sum = value.re + value.im;
          check(
            { re: v[fourierPosition(T, k, l)], im: 0 },
            { re: sum, im: 0 },
            U32 * Math.abs(sum) + 2 * inDouble,
            `Re + Im of X(${k}, ${l})`,
          );
        }
      }),
      { numRuns },
    );
  });

  it('equals the sum of its definition', () => {
    fc.assert(
      fc.property(tileOfFloats(T), fc.infiniteStream(fc.nat(frequencies.length - 1)), (x, stream) => {
        const X = spectrumOf(T, forward(T, x));
        const chosen = T <= 16 ? frequencies : [...stream.take(40)].map((n) => frequencies[n]);

        for (const [k, l] of chosen) {
          const value = naive(T, x, k, l);
          check(X(k, l), value, U32 * modulus(value) + T * doubleError(T) * norm1(x), `X(${k}, ${l})`);
        }
      }),
      { numRuns },
    );
  });

  it('is undone by the inverse', () => {
    fc.assert(
      fc.property(tileOfFloats(T), (x) => {
        const v = forward(T, x);
        // (m1 − m2) + i (m1 − m3) = a + ib with m = (0, −a, −b)
        const m = new Float32Array(v.length);
        for (const [k, l] of frequencies) {
          const position = fourierPosition(T, k, l);
          if (isRealFrequency(T, k, l)) m[position] = v[position];
          else m.set([0, -v[position + 2], -v[position + 1]], position);
        }
        const y = inverse(T, m);
        // Each X is rounded once: 1/T² · Σ u|X| ≤ u ‖x‖₂ by Parseval and Cauchy; then y is.
        const ofSpectrum = U32 * norm2(x) * (1 + 2 ** -20) + doubleError(T) * norm1(x);
        for (const [n, value] of y.entries()) {
          const bound = ofSpectrum + U32 * Math.abs(x[n]);
          expect(Math.abs(value - x[n]) <= bound, `${n}: ${value} of ${x[n]}`).toBe(true);
        }
      }),
      { numRuns },
    );
  });

  it('obeys Parseval', () => {
    fc.assert(
      fc.property(tileOfFloats(T), (x) => {
        const X = spectrumOf(T, forward(T, x));
        let energy = 0;
        // A conjugate that is not kept counts as well.
        for (const [k, l] of frequencies) energy += (isRealFrequency(T, k, l) ? 1 : 2) * modulus(X(k, l)) ** 2;
        const expected = T ** 2 * norm2(x) ** 2;
        expect(Math.abs(energy - expected)).toBeLessThanOrEqual(2 * U32 * (1 + 2 ** -20) * expected);
      }),
      { numRuns },
    );
  });

  it('is linear', () => {
    fc.assert(
      fc.property(tileOfIntegers(T), tileOfIntegers(T), fc.integer({ min: -8, max: 8 }), (x, y, factor) => {
        const X = spectrumOf(T, forward(T, x));
        const Y = spectrumOf(T, forward(T, y));
        const sum = x.map((value, n) => value + factor * y[n]);
        const S = spectrumOf(T, forward(T, sum));
        const inDouble = 3 * doubleError(T) * (norm1(x) + 8 * norm1(y));
        for (const [k, l] of frequencies) {
          const [a, b] = [X(k, l), Y(k, l)];
          const expected = { re: a.re + factor * b.re, im: a.im + factor * b.im };
          const bound =
            U32 * (modulus(S(k, l)) + modulus(a) + Math.abs(factor) * modulus(b)) * (1 + 2 ** -20) + inDouble;
          check(S(k, l), expected, bound, `X(${k}, ${l})`);
        }
      }),
      { numRuns },
    );
  });

  it('turns by ω^(ka + lb) when the tile is shifted round by (a, b)', () => {
    fc.assert(
      fc.property(tileOfFloats(T), fc.nat(T - 1), fc.nat(T - 1), (x, a, b) => {
        const X = spectrumOf(T, forward(T, x));
        const shifted = x.map((_, n) => x[((Math.floor(n / T) - a + T) % T) * T + ((n - b + T) % T)]);
        const S = spectrumOf(T, forward(T, shifted));
        for (const [k, l] of frequencies) {
          const { re, im } = X(k, l);
          const angle = (-2 * Math.PI * ((k * a + l * b) % T)) / T;
          const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
          const bound = U32 * (modulus(S(k, l)) + modulus(X(k, l))) * (1 + 2 ** -20) + 3 * doubleError(T) * norm1(x);
          check(S(k, l), { re: re * cos - im * sin, im: re * sin + im * cos }, bound, `X(${k}, ${l})`);
        }
      }),
      { numRuns },
    );
  });

  it('is exactly 1 of an impulse, and exactly T² at (0, 0) alone of ones', () => {
    const impulse = new Float32Array(T * T);
    impulse[0] = 1;
    const [I, O] = [impulse, impulse.map(() => 1)].map((x) => spectrumOf(T, forward(T, x)));
    for (const [k, l] of frequencies) {
      expect(distance(I(k, l), { re: 1, im: 0 })).toBe(0);
      expect(distance(O(k, l), { re: k + l === 0 ? T * T : 0, im: 0 })).toBe(0);
    }
  });
});
