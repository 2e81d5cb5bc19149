/**
 * How operations of several values run in single precision: as long runs of elements along which every input goes on by
 * one element or stays where it is. Axes that all inputs walk through alike are one axis:
 *
 *     [8, 16, 7, 7]  with  [16, 1, 1]   →   8 times 16 runs of 49 elements, the second input staying
 *     two inputs of one shape           →   one run
 *
 * Who is called for each element by a loop that many share is not compiled into it, so what is cheap brings its own.
 */
import { type Lowering, type RunNode, type Shape, withoutWeights } from '../compiled.ts';
import { stretchedStrides, walkStretched } from './broadcast.ts';

/** y[i] = f(a[i · aStep], b[i · bStep]) for n elements; a, b and y are offsets. */
export type PairLoop = (
  f32: Float32Array,
  n: number,
  a: number,
  aStep: number,
  b: number,
  bStep: number,
  y: number,
) => void;

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

export function lowerStretched(
  { inputs, outputs: [shape], context }: Lowering<object>,
  f: (...values: readonly number[]) => number,
  loop: PairLoop = pairLoop(f),
) {
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
            loop(f32, length, a + pa, steps[0], b + pb, steps[1], y + at * length);
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

function pairLoop(f: (a: number, b: number) => number): PairLoop {
  return (f32, n, a, aStep, b, bStep, y) => {
    for (let i = 0; i < n; i++) f32[y + i] = f(f32[a + i * aStep], f32[b + i * bStep]);
  };
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
