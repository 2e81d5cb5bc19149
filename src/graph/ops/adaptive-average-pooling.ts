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
    const axes = sizes.map((size, axis) => spansOf(size, node.attributes.size[axis]));
    return withoutWeights(([x], [y]) => {
      const { f32 } = context.arena;
      let to = y;
      for (let from = x; from < x + planes * plane; from += plane) to = averaged(f32, from, to, axes);
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

/** An axis of so many elements, and the first and the end of each of its windows, one pair behind the other. */
interface Spans {
  readonly size: number;
  readonly ends: Int32Array;
}

function spansOf(size: number, count: number): Spans {
  const ends = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    ends[2 * i] = Math.floor((i * size) / count);
    ends[2 * i + 1] = Math.ceil(((i + 1) * size) / count);
  }
  return { size, ends };
}

/** Writes the means of a plane's windows one behind the other, and gives the place behind the last. */
function averaged(f32: Float32Array, plane: number, first: number, axes: readonly Spans[]): number {
  const windows = axes.reduce((product, { ends }) => product * (ends.length / 2), 1);
  const index = new Int32Array(axes.length);
  let [total, count] = [0, 0];
  const add = (axis: number, place: number): void => {
    if (axis === axes.length) {
      total += f32[plane + place];
      count++;
      return;
    }
    const { size, ends } = axes[axis];
    const end = ends[2 * index[axis] + 1];
    for (let i = ends[2 * index[axis]]; i < end; i++) add(axis + 1, place * size + i);
  };
  for (let window = 0; window < windows; window++) {
    total = count = 0;
    add(0, 0);
    f32[first + window] = total / count;
    for (let axis = axes.length - 1; axis >= 0 && ++index[axis] === axes[axis].ends.length / 2; axis--) index[axis] = 0;
  }
  return first + windows;
}
