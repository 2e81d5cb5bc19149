/** One number of many along axes. None is left over as (1,), never as (). */
import type { ReductionAttributes } from '../../graph/ops/reduction.ts';
import type { Name } from '../../graph/values.ts';
import { boolean, orNone, text, tuple, whole } from '../attributes.ts';
import { exactly, reshaped } from '../sizes.ts';
import type { SymbolBuilder } from '../symbol-builder.ts';
import { axesFrom, axisOf, type Converter, type Converters, type SymbolReader } from './converter.ts';
import { numbersOf } from './elementwise.ts';

const FIELDS = {
  axis: orNone(tuple(whole())),
  keepdims: boolean({ absent: false }),
  exclude: boolean({ absent: false }),
};

export const REDUCTIONS: Converters = {
  sum: reduction('sum'),
  sum_axis: reduction('sum'),
  mean: reduction('mean'),
  max: reduction('maximum'),
  max_axis: reduction('maximum'),
  min: reduction('minimum'),
  min_axis: reduction('minimum'),
  prod: reduction('product'),

  norm(node, builder) {
    const { ord, axis, keepdims } = node.read({
      ord: whole({ absent: 2 }),
      axis: FIELDS.axis,
      keepdims: FIELDS.keepdims,
      out_dtype: orNone(text()),
    });
    if (ord !== 1 && ord !== 2) node.unsupported(`ord=${ord}`);
    reduce(node, builder, ord === 1 ? 'absolute-sum' : 'norm', { axis, keepdims, exclude: false });
  },

  argmax: extreme('argmax'),
  argmin: extreme('argmin'),
  argmax_channel(node, builder) {
    node.read({});
    placesOf(builder, 'argmax', node.input(0), 1, false, node.first);
  },
};

function reduction(by: ReductionAttributes['by']): Converter {
  return (node, builder) => reduce(node, builder, by, node.read(FIELDS));
}

interface Along {
  readonly axis: readonly number[] | null;
  readonly keepdims: boolean;
  /** The axes are those that stay. */
  readonly exclude: boolean;
}

function reduce(node: SymbolReader, builder: SymbolBuilder, by: ReductionAttributes['by'], along: Along): void {
  const [x, y] = [node.input(0), node.first];
  const rank = builder.shapeOf(x).length;
  const all = axesFrom(0, rank);
  const told = (along.axis ?? []).map((axis) => axisOf(node, axis, rank));
  const chosen = along.exclude ? all.filter((axis) => !told.includes(axis)) : told;
  const axes = told.length === 0 ? all : chosen;
  const isOne = !along.keepdims && axes.length === rank;
  const made = isOne ? builder.fresh(`${y}.one`) : y;
  builder.emit('reduction', [x], { by, axes, keepAxes: along.keepdims }, [made]);
  if (isOne) reshaped(builder, made, [exactly(1)], y);
}

/** In the type of the data; without an axis of all elements, as (1,). */
function extreme(op: 'argmax' | 'argmin'): Converter {
  return (node, builder) => {
    const { axis, keepdims } = node.read({ axis: orNone(whole()), keepdims: FIELDS.keepdims });
    const x = node.input(0);
    const rank = builder.shapeOf(x).length;
    if (axis !== null) {
      const at = axisOf(node, axis, rank);
      placesOf(builder, op, x, at, keepdims || rank === 1, node.first);
      return;
    }
    const flat = reshaped(builder, x, ['rest']);
    const shape = keepdims ? axesFrom(0, rank).map(() => exactly(1)) : [exactly(1)];
    const made = builder.fresh(`${node.first}.place`);
    placesOf(builder, op, flat, 0, true, made);
    reshaped(builder, made, shape, node.first);
  };
}

function placesOf(
  builder: SymbolBuilder,
  op: 'argmax' | 'argmin',
  x: Name,
  axis: number,
  keepAxis: boolean,
  y: Name,
): void {
  const places = builder.value(op, [x], { axis, keepAxis }, `${y}.place`);
  numbersOf(builder, places, builder.dtypeOf(x), y);
}
