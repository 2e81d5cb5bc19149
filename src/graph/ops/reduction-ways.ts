/** What reductions make of the numbers along their axes: as a definition, and as a loop over the context's memory. */
import type { Dtype } from '../values.ts';
import { rangeOf } from './ranges.ts';

interface Way {
  /** Its definition, for numbers of a type; there may be none of them. */
  of(numbers: readonly number[], dtype: Dtype): number;
  /** The same of `count` elements that are a stride apart; sums are made in double. */
  over(f32: Float32Array, from: number, count: number, stride: number): number;
  /** It is for truth as well: false < true. */
  readonly ordersTruth?: true;
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0);

function sumOver(f32: Float32Array, from: number, count: number, stride: number): number {
  let sum = 0;
  for (let i = 0, at = from; i < count; i++, at += stride) sum += f32[at];
  return sum;
}

function squaresOver(f32: Float32Array, from: number, count: number, stride: number): number {
  let sum = 0;
  for (let i = 0, at = from; i < count; i++, at += stride) sum += f32[at] * f32[at];
  return sum;
}

function absolutesOver(f32: Float32Array, from: number, count: number, stride: number): number {
  let sum = 0;
  for (let i = 0, at = from; i < count; i++, at += stride) sum += Math.abs(f32[at]);
  return sum;
}

function productOver(f32: Float32Array, from: number, count: number, stride: number): number {
  let product = 1;
  for (let i = 0, at = from; i < count; i++, at += stride) product *= f32[at];
  return product;
}

/** NaN once there is one. */
function maximumOver(f32: Float32Array, from: number, count: number, stride: number): number {
  let most = -Infinity;
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const x = f32[at];
    if (x > most || Number.isNaN(x)) most = x;
  }
  return most;
}

function minimumOver(f32: Float32Array, from: number, count: number, stride: number): number {
  let least = Infinity;
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const x = f32[at];
    if (x < least || Number.isNaN(x)) least = x;
  }
  return least;
}

/** log Σ e^x = m + log Σ e^(x − m), m being the greatest x, so that no power is infinite. */
function logSumExpOver(f32: Float32Array, from: number, count: number, stride: number): number {
  const most = maximumOver(f32, from, count, stride);
  if (!Number.isFinite(most)) return most;
  let sum = 0;
  for (let i = 0, at = from; i < count; i++, at += stride) sum += Math.exp(f32[at] - most);
  return most + Math.log(sum);
}

function logSumExp(numbers: readonly number[]): number {
  const most = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  return Number.isFinite(most) ? most + Math.log(total(numbers.map((x) => Math.exp(x - most)))) : most;
}

export const WAYS = {
  sum: { of: total, over: sumOver },
  mean: {
    of: (numbers) => total(numbers) / numbers.length,
    over: (f32, from, count, stride) => sumOver(f32, from, count, stride) / count,
  },
  product: { of: (numbers) => numbers.reduce((a, b) => a * b, 1), over: productOver },
  maximum: {
    of: (numbers, dtype) => numbers.reduce((a, b) => Math.max(a, b), rangeOf(dtype)[0]),
    over: maximumOver,
    ordersTruth: true,
  },
  minimum: {
    of: (numbers, dtype) => numbers.reduce((a, b) => Math.min(a, b), rangeOf(dtype)[1]),
    over: minimumOver,
    ordersTruth: true,
  },
  'absolute-sum': { of: (numbers) => total(numbers.map(Math.abs)), over: absolutesOver },
  'square-sum': { of: (numbers) => total(numbers.map((x) => x * x)), over: squaresOver },
  norm: {
    of: (numbers) => Math.sqrt(total(numbers.map((x) => x * x))),
    over: (f32, from, count, stride) => Math.sqrt(squaresOver(f32, from, count, stride)),
  },
  'log-sum': {
    of: (numbers) => Math.log(total(numbers)),
    over: (f32, from, count, stride) => Math.log(sumOver(f32, from, count, stride)),
  },
  'log-sum-exp': { of: logSumExp, over: logSumExpOver },
} as const satisfies Readonly<Record<string, Way>>;

export type ReductionWay = keyof typeof WAYS;

export function wayOf(by: ReductionWay): Way {
  return WAYS[by];
}
