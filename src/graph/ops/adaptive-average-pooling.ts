import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { shapeText } from '../values.ts';
import { at, build, present } from './double.ts';
import { expectChannelAxis, onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { parseCounts } from './windows-nd.ts';

/**
 * The means of as many windows as are told along each axis behind batch and channels. Window i of n over m elements
 * begins at ⌊i · m / n⌋ and ends before ⌈(i + 1) · m / n⌉, so that neighbours may overlap.
 */
export interface AdaptiveAveragePoolingAttributes {
  readonly size: readonly number[];
}

export const adaptiveAveragePooling: Operation<AdaptiveAveragePoolingAttributes> = {
  inputs: ONE,
  fields: { size: true },
  check: (who, { size }) => ({ size: parseCounts(who, 'size', size, 1, 'invalid-pooling-size') ?? [] }),
  infer: onFloats((node, [x]) => {
    const shape = expectChannelAxis(node, x);
    const { size } = node.attributes;
    if (size.length === shape.length - 2) return [[...shape.slice(0, 2), ...size]];
    const text = `size is ${shapeText(size)}, expected a number for each of the axes ${shapeText(shape.slice(2))}`;
    throw new NnpackError('invalid-rank', `${whoIs(node)}: ${text}`);
  }),
  lower({ node, inputs, outputs: [shape], context }) {
    const [, , ...sizes] = inputs[0] ?? [];
    const [planes, plane] = [shape[0] * shape[1], sizeOf(sizes)];
    const windows = placesOfWindows(sizes, node.attributes.size);
    return withoutWeights(([x], [y]) => {
      const { f32 } = context.arena;
      let to = y;
      for (let from = x; from < x + planes * plane; from += plane) {
        for (const places of windows) {
          let total = 0;
          for (const place of places) total += f32[from + place];
          f32[to++] = total / places.length;
        }
      }
    });
  },
  reference({ attributes }, [input]) {
    const x = present(input);
    const [batch, channels, ...sizes] = x.shape;
    const meanOf = (index: readonly number[], axis: number): number => {
      if (axis === sizes.length) return at(x, index);
      const [m, n, i] = [sizes[axis], attributes.size[axis], index[axis + 2]];
      let [total, count] = [0, 0];
      for (let place = Math.floor((i * m) / n); place * n < (i + 1) * m; place++, count++) {
        total += meanOf([...index.slice(0, axis + 2), place, ...index.slice(axis + 3)], axis + 1);
      }
      return total / count;
    };
    return [build([batch, channels, ...attributes.size], (index) => meanOf(index, 0))];
  },
  slicing: () => WHOLE_PICTURE,
  gradient: null,
};

/** Where the elements of each window stand in a plane, window after window. */
function placesOfWindows(sizes: readonly number[], counts: readonly number[]): readonly Int32Array[] {
  let windows: readonly (readonly number[])[] = [[0]];
  for (const [axis, size] of sizes.entries()) {
    const spans = Array.from({ length: counts[axis] }, (_, i) => {
      const [first, end] = [Math.floor((i * size) / counts[axis]), Math.ceil(((i + 1) * size) / counts[axis])];
      return Array.from({ length: end - first }, (_, k) => first + k);
    });
    windows = windows.flatMap((places) => {
      return spans.map((span) => places.flatMap((place) => span.map((i) => place * size + i)));
    });
  }
  return windows.map((places) => Int32Array.from(places));
}
