import { decodeHalves, type HalfForm } from '../../maths/half.ts';

/**
 * Dot products with half-precision weights: y_i = Σ_j number(w_ij) · x_j.
 *
 * Half weights take half the memory, and cost a conversion here: it is one load from a table of all 65,536 codes
 * (256 KiB, of which the weights of a layer touch a small part), three times as fast as taking sign, exponent and
 * fraction apart. Otherwise the loops, their order and its reason are those of `dots.ts`; they are written again
 * because a function that meets two kinds of array is slow for both.
 */
export function dotsHalf(
  f32: Float32Array,
  u16: Uint16Array,
  rows: number,
  n: number,
  w: number,
  ldw: number,
  x: number,
  y: number,
  alternative: number,
): void {
  // w is (rows, n) in half precision, x is (n), y is (rows)
  const decoded = decodedCodes(alternative === 0 ? 'binary16' : 'alternative');
  let i = 0;
  for (; i <= rows - 4; i += 4) dots4(f32, u16, decoded, n, w + i * ldw, ldw, x, y + i);
  for (; i < rows; i++) dots1(f32, u16, decoded, n, w + i * ldw, x, y + i);
}

const tables: { [form in HalfForm]?: Float32Array } = {};

/** The number of every code, in a table that is made when a form is first used. */
export function decodedCodes(form: HalfForm): Float32Array {
  tables[form] ??= decodeHalves(
    Uint16Array.from({ length: 65536 }, (_, code) => code),
    form,
  );
  return tables[form];
}

function dots4(
  f32: Float32Array,
  u16: Uint16Array,
  decoded: Float32Array,
  n: number,
  w: number,
  ldw: number,
  x: number,
  y: number,
): void {
  const w0 = w | 0;
  const w1 = (w0 + ldw) | 0;
  const w2 = (w1 + ldw) | 0;
  const w3 = (w2 + ldw) | 0;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let j = 0;
  for (; j <= n - 4; j += 4) {
    const p = (x + j) | 0;
    const p0 = (w0 + j) | 0;
    const p1 = (w1 + j) | 0;
    const p2 = (w2 + j) | 0;
    const p3 = (w3 + j) | 0;
    const x0 = f32[p];
    const x1 = f32[p + 1];
    const x2 = f32[p + 2];
    const x3 = f32[p + 3];
    s0 += decoded[u16[p0]] * x0 + decoded[u16[p0 + 1]] * x1 + decoded[u16[p0 + 2]] * x2 + decoded[u16[p0 + 3]] * x3;
    s1 += decoded[u16[p1]] * x0 + decoded[u16[p1 + 1]] * x1 + decoded[u16[p1 + 2]] * x2 + decoded[u16[p1 + 3]] * x3;
    s2 += decoded[u16[p2]] * x0 + decoded[u16[p2 + 1]] * x1 + decoded[u16[p2 + 2]] * x2 + decoded[u16[p2 + 3]] * x3;
    s3 += decoded[u16[p3]] * x0 + decoded[u16[p3 + 1]] * x1 + decoded[u16[p3 + 2]] * x2 + decoded[u16[p3 + 3]] * x3;
  }
  for (; j < n; j++) {
    const x0 = f32[(x + j) | 0];
    s0 += decoded[u16[(w0 + j) | 0]] * x0;
    s1 += decoded[u16[(w1 + j) | 0]] * x0;
    s2 += decoded[u16[(w2 + j) | 0]] * x0;
    s3 += decoded[u16[(w3 + j) | 0]] * x0;
  }
  f32[y] = s0;
  f32[y + 1] = s1;
  f32[y + 2] = s2;
  f32[y + 3] = s3;
}

function dots1(
  f32: Float32Array,
  u16: Uint16Array,
  decoded: Float32Array,
  n: number,
  w: number,
  x: number,
  y: number,
): void {
  let s = 0;
  let j = 0;
  for (; j <= n - 4; j += 4) {
    const p = (w + j) | 0;
    const q = (x + j) | 0;
    s +=
      decoded[u16[p]] * f32[q] +
      decoded[u16[p + 1]] * f32[q + 1] +
      decoded[u16[p + 2]] * f32[q + 2] +
      decoded[u16[p + 3]] * f32[q + 3];
  }
  for (; j < n; j++) s += decoded[u16[(w + j) | 0]] * f32[(x + j) | 0];
  f32[y] = s;
}
