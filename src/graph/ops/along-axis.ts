/** Operations on the numbers along an axis, each place beside it for itself. */
import type { Planes } from '../../layers/call.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Compiled, type Lowering, type Shape, withoutWeights } from '../compiled.ts';
import type { OpNode } from '../node.ts';
import { parseFlag } from '../parse-values.ts';
import { type DoubleTensor, present } from './double.ts';
import { onFloats } from './inputs.ts';
import { type Given, ONE, type Operation } from './operation.ts';
import { axisAmong, wholeAxis } from './settings.ts';
import { WHOLE_PICTURE } from './slicing.ts';

export interface AlongAxisAttributes {
  /** From 0 on, or from −1 on backwards. */
  readonly axis: number;
  /** Along all axes from this one on, as if they were one. */
  readonly toEnd?: boolean;
}

export const ALONG_AXIS_FIELDS = { axis: true, toEnd: true } as const;

export function parseAlongAxis(who: string, given: Given): AlongAxisAttributes {
  return { axis: wholeAxis(who, 'axis', given.axis), toEnd: parseFlag(who, 'toEnd', given.toEnd) };
}

/** What an operation computes: a run in memory, and by its definition the outputs of the numbers of one line. */
interface AlongAxis<A extends AlongAxisAttributes> {
  lower(call: Lowering<A>, planes: Planes): Compiled;
  readonly definition: (line: readonly number[], attributes: A) => readonly number[];
}

/** y = f(x), line by line. */
export function alongAxis<A extends AlongAxisAttributes>(
  fields: Operation<A>['fields'],
  check: (who: string, given: Given) => A,
  { lower, definition }: AlongAxis<A>,
): Operation<A> {
  return {
    inputs: ONE,
    fields,
    check,
    infer: onFloats((node, [x]) => {
      // It is there, or the error says so.
      axisAmong(node, node.attributes.axis, x?.length ?? 0);
      return [x ?? []];
    }),
    lower: (call) => lower(call, linesOf(call.node, call.outputs[0])),
    reference: (node, [x]) => [lineByLine(node, present(x), (line) => definition(line, node.attributes))],
    slicing: () => WHOLE_PICTURE,
    gradient: null,
  };
}

/** A value as lines along an axis: the axis counts as channels, those before it as the batch, those behind it as pixels. */
export function linesOf(node: OpNode<AlongAxisAttributes>, shape: Shape): Planes {
  const { axis, toEnd = false } = node.attributes;
  const at = axisAmong(node, axis, shape.length);
  const end = toEnd ? shape.length : at + 1;
  return {
    batch: sizeOf(shape.slice(0, at)),
    channels: sizeOf(shape.slice(at, end)),
    pixels: sizeOf(shape.slice(end)),
  };
}

/** Calls `visit` with where each line begins; its elements are `pixels` apart. */
export function eachLine({ batch, channels, pixels }: Planes, visit: (start: number) => void): void {
  for (let n = 0; n < batch; n++) for (let p = 0; p < pixels; p++) visit(n * channels * pixels + p);
}

/** Runs a function on each line from x to y. */
export function runLines(
  { context }: Pick<Lowering<object>, 'context'>,
  planes: Planes,
  run: (f32: Float32Array, x: number, y: number, count: number, step: number) => void,
): Compiled {
  return withoutWeights(([x], [y]) => {
    const { f32 } = context.arena;
    eachLine(planes, (start) => run(f32, x + start, y + start, planes.channels, planes.pixels));
  });
}

function lineByLine(
  node: OpNode<AlongAxisAttributes>,
  x: DoubleTensor,
  f: (line: readonly number[]) => readonly number[],
): DoubleTensor {
  const { axis, toEnd } = node.attributes;
  const first = axis < 0 ? x.shape.length + axis : axis;
  const behind = toEnd ? [] : x.shape.slice(first + 1);
  const step = behind.reduce((product, size) => product * size, 1);
  const before = x.shape.slice(0, first).reduce((product, size) => product * size, 1);
  const length = x.data.length / before / step;
  const data = new Float64Array(x.data.length);
  for (let line = 0; line < before * step; line++) {
    const places = Array.from({ length }, (_, i) => (Math.floor(line / step) * length + i) * step + (line % step));
    const made = f(places.map((place) => x.data[place]));
    for (const [i, place] of places.entries()) data[place] = made[i];
  }
  return { shape: x.shape, data };
}
