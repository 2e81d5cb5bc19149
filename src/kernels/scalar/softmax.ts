/**
 * The two normalisations that read more than one element for each that they write.
 *
 * Softmax, in three passes over x: the maximum M, then e_i = exp(x_i − M) and its sum, then
 *
 *     y_i = e_i / Σ e_j
 *
 * M changes nothing but the range: every exponent is ≤ 0, so no e_i overflows, and one of them is 1. The e_i wait in y,
 * rounded to float32; their sum is of the unrounded ones, in double. So y_i has two roundings: it is within
 * 2 · 2^(−24) · y_i of the formula, or within 2^(−149) where it is subnormal.
 *
 * −∞ among finite numbers gives 0. All of y is NaN where the formula has no value: when x has a NaN, when it has a +∞
 * (∞ − ∞), and when all of x is −∞.
 */
export function softmax(f32: Float32Array, n: number, step: number, x: number, y: number): void {
  const end = n * step;
  // M = max x_j; a NaN is passed over, and spreads through the sum
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < end; i += step) {
    const value = f32[(x + i) | 0];
    if (value > max) max = value;
  }
  // e_i = exp(x_i − M)
  let sum = 0;
  for (let i = 0; i < end; i += step) {
    const e = Math.exp(f32[(x + i) | 0] - max);
    f32[(y + i) | 0] = e;
    sum += e;
  }
  // y_i = e_i / Σ e_j
  const scale = 1 / sum;
  for (let i = 0; i < end; i += step) f32[(y + i) | 0] = f32[(y + i) | 0] * scale;
}

/**
 * Local response normalisation across channels,
 *
 *     y_c = x_c · t^(−β),   t = bias + α / size · Σ x_k²,   c − ⌊(size − 1) / 2⌋ ≤ k ≤ c + ⌊size / 2⌋
 *
 * where channels that do not exist count as zero. The squares are exact in double, and their sum is taken anew for every
 * element: a sum that slides over the channels would keep the rounding errors, or the ∞, of whatever it has left.
 * A NaN or ∞ reaches the outputs whose windows hold it and no others (a neighbour's ∞ makes them 0, their own NaN).
 */
export function localResponse(
  f32: Float32Array,
  channels: number,
  pixels: number,
  pitch: number,
  x: number,
  y: number,
  size: number,
  alpha: number,
  beta: number,
  bias: number,
): void {
  // x and y are (channels, pixels), channels pitch apart
  for (let c = 0; c < channels; c++) {
    // Shifts would not do: a size may be larger than 32 bits.
    const first = Math.max(c - Math.floor((size - 1) / 2), 0);
    const last = Math.min(c + Math.floor(size / 2), channels - 1);
    for (let p = 0; p < pixels; p++) {
      let squares = 0;
      let q = (x + first * pitch + p) | 0;
      for (let k = first; k <= last; k++) {
        squares += f32[q] * f32[q];
        q = (q + pitch) | 0;
      }
      const value = f32[(x + c * pitch + p) | 0];
      f32[(y + c * pitch + p) | 0] = value * inversePower(bias + (alpha / size) * squares, beta);
    }
  }
}

/** t^(−β); the β of the published networks needs no more than two square roots. */
function inversePower(t: number, beta: number): number {
  const root = Math.sqrt(t);
  // t^(3/4) = √t · √√t
  if (beta === 0.75) return 1 / (root * Math.sqrt(root));
  if (beta === 0.5) return 1 / root;
  return t ** -beta;
}
