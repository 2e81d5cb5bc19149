/** Kernels of operations whose output is a strided view of their input: element i of axis a stands i · stride[a] further. */
import type { Context } from '../../context/context.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Shape, withoutWeights } from '../compiled.ts';
import { walkStretched } from './broadcast.ts';

/** Where the elements of a view stand, in elements from the start of what it views. */
export interface StridedView {
  readonly shape: Shape;
  /** 0 repeats, and negative ones go back. */
  readonly stride: readonly number[];
  readonly offset: number;
}

/** Copies a view of the input, dense, into the output. */
export function lowerStrided(context: Context, view: StridedView): Compiled {
  const size = sizeOf(view.shape);
  const { shape, stride } = merged(view);
  const [rows, columns] = shape.slice(-2);
  const [pitch, step] = stride.slice(-2);
  const outer = shape.slice(0, -2);
  const outerStride = [stride.slice(0, -2)];
  return withoutWeights(([x], [y]) => {
    if (size === 0) return;
    walkStretched(outer, outerStride, (at, [place]) => {
      context.kernels.copyRows(rows, columns, x + view.offset + place, pitch, step, y + at * rows * columns, columns);
    });
  });
}

/** The same view with axes merged where one goes on where the next ends, and at least two of them. */
function merged({ shape, stride }: StridedView): Pick<StridedView, 'shape' | 'stride'> {
  const sizes: number[] = [];
  const steps: number[] = [];
  shape.forEach((size, axis) => {
    const last = sizes.length - 1;
    if (size === 1) return;
    if (last >= 0 && steps[last] === stride[axis] * size) {
      sizes[last] *= size;
      steps[last] = stride[axis];
    } else {
      sizes.push(size);
      steps.push(stride[axis]);
    }
  });
  while (sizes.length < 2) {
    sizes.unshift(1);
    steps.unshift(0);
  }
  return { shape: sizes, stride: steps };
}
