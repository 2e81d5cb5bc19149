/**
 * How operations of several values run in single precision: as long runs of elements along which every input goes on by
 * one element or stays where it is. Axes that all inputs walk through alike are one axis:
 *
 *     [8, 16, 7, 7]  with  [16, 1, 1]   →   8 times 16 runs of 49 elements, the second input staying
 *     two inputs of one shape           →   one run
 *
 * What there are kernels for takes two values at a time, from the left; the rest calls its function for each element.
 */
import type { Combination } from '../../kernels/table.ts';
import { type PairRows, runArithmetic } from '../../layers/arithmetic.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, type RunNode, type Shape, withoutWeights } from '../compiled.ts';
import { stretchedStrides, walkStretched } from './broadcast.ts';

/** Runs of an output, and where the inputs of each begin. */
interface Runs {
  /** Elements of one run. */
  readonly length: number;
  /** By how much each input goes on from one element of a run to the next. */
  readonly steps: readonly number[];
  /** Axes that the runs are counted along, and the inputs' strides along these. */
  readonly shape: Shape;
  readonly strides: readonly (readonly number[])[];
}

/** y = x₀ ∘ x₁ ∘ …, each result rounded. */
export function lowerCombination(call: Lowering<object>, combination: Combination): Compiled {
  const { inputs, outputs, context } = call;
  const [shape] = outputs;
  const [first, ...others] = inputs.map((input) => input ?? []);
  // What was combined so far lies in the output.
  const pairs = others.map((other, i) => pairOf(i === 0 ? first : shape, other, shape));
  // A value by itself is combined with nothing.
  if (pairs.length === 0) {
    return withoutWeights(([x], [y]) => context.kernels.copyRows(1, sizeOf(shape), x, 0, 1, y, 0));
  }
  return withoutWeights((xs, [y]) => {
    if (sizeOf(shape) === 0) return;
    pairs.forEach(({ outer, strides, size, rows }, i) => {
      walkStretched(outer, strides, (at, [a, b]) => {
        runArithmetic(context, combination, rows, (i === 0 ? xs[0] : y) + a, xs[i + 1] + b, y + at * size);
      });
    });
  });
}

/** Two inputs as rows of rows, and what axes there are around these. */
function pairOf(a: Shape, b: Shape, shape: Shape) {
  const { length, steps, ...around } = runsOf(
    shape,
    [a, b].map((input) => stretchedStrides(input, shape)),
  );
  const axes = around.shape.length;
  const [groups, inner] = [around.shape[axes - 2] ?? 1, around.shape[axes - 1] ?? 1];
  const along = (i: number) => [around.strides[i][axes - 2] ?? 0, around.strides[i][axes - 1] ?? 0, steps[i]] as const;
  const rows: PairRows = { rows: groups * inner, inner, columns: length, a: along(0), b: along(1) };
  return {
    outer: around.shape.slice(0, -2),
    strides: around.strides.map((each) => each.slice(0, -2)),
    size: rows.rows * length,
    rows,
  };
}

/** y = f(x₀, x₁, …) */
export function lowerStretched(
  { inputs, outputs: [shape], context }: Lowering<object>,
  f: (...values: readonly number[]) => number,
): Compiled {
  const runs = runsOf(
    shape,
    inputs.map((input) => stretchedStrides(input ?? [], shape)),
  );
  const { length, steps } = runs;
  const run: RunNode =
    inputs.length === 2
      ? ([a, b], [y]) => {
          const { f32 } = context.arena;
          walkStretched(runs.shape, runs.strides, (at, [pa, pb]) => {
            pairLoop(f32, f, length, a + pa, steps[0], b + pb, steps[1], y + at * length);
          });
        }
      : (xs, [y]) => {
          walkStretched(runs.shape, runs.strides, (at, places) => {
            const starts = xs.map((x, i) => x + places[i]);
            manyLoop(context.arena.f32, f, length, starts, steps, y + at * length);
          });
        };
  return withoutWeights(run);
}

function runsOf(shape: Shape, strides: readonly (readonly number[])[]): Runs {
  const axes: { size: number; steps: readonly number[] }[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis];
    if (size === 1) continue;
    const steps = strides.map((each) => each[axis]);
    const inner = axes[0];
    if (inner !== undefined && steps.every((step, i) => step === inner.steps[i] * inner.size)) inner.size *= size;
    else axes.unshift({ size, steps });
  }
  const last = axes.pop() ?? { size: 1, steps: strides.map(() => 0) };
  return {
    length: last.size,
    steps: last.steps,
    shape: axes.map(({ size }) => size),
    strides: strides.map((_, i) => axes.map(({ steps }) => steps[i])),
  };
}

/** y[i] = f(a[i · aStep], b[i · bStep]) for n elements; a, b and y are offsets. */
function pairLoop(
  f32: Float32Array,
  f: (a: number, b: number) => number,
  n: number,
  a: number,
  aStep: number,
  b: number,
  bStep: number,
  y: number,
): void {
  for (let i = 0; i < n; i++) f32[y + i] = f(f32[a + i * aStep], f32[b + i * bStep]);
}

function manyLoop(
  f32: Float32Array,
  f: (...values: readonly number[]) => number,
  n: number,
  xs: readonly number[],
  steps: readonly number[],
  y: number,
): void {
  const values = xs.map(() => 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < xs.length; j++) values[j] = f32[xs[j] + i * steps[j]];
    f32[y + i] = f(...values);
  }
}
