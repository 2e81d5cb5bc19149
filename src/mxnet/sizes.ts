/** Sizes that shapes are made of. One that is known by name only is computed as the graph runs. */
import type { Name, Size } from '../graph/values.ts';
import type { SymbolBuilder } from './symbol-builder.ts';

/** A whole number, or the name of a value that lists it. */
export type Whole = { readonly number: number } | { readonly name: Name };

export const known = (number: number): Whole => ({ number });

/** How many elements a value has along an axis. */
export function sizeAlong(builder: SymbolBuilder, x: Name, axis: number): Whole {
  const size = builder.shapeOf(x)[axis];
  if (typeof size === 'number') return known(size);
  const shape = builder.value('shape', [x], {}, `${x}.shape`);
  return { name: builder.value('gather', [shape, builder.list([axis])], { axis: 0 }, `${x}.size`) };
}

const FUNCTIONS = {
  sum: (a: number, b: number) => a + b,
  subtraction: (a: number, b: number) => a - b,
  multiplication: (a: number, b: number) => a * b,
  division: (a: number, b: number) => Math.trunc(a / b),
} as const;

/** Of whole numbers; a quotient is without what is behind the point. */
export function calculated(builder: SymbolBuilder, op: keyof typeof FUNCTIONS, a: Whole, b: Whole): Whole {
  if ('number' in a && 'number' in b) return known(FUNCTIONS[op](a.number, b.number));
  return { name: builder.value(op, [listed(builder, [a]), listed(builder, [b])], {}, 'size') };
}

/** Its number, where that is known. */
export function sizeOf(whole: Whole): number | null {
  return 'number' in whole ? whole.number : null;
}

/** A list of them. */
export function listed(builder: SymbolBuilder, wholes: readonly Whole[]): Name {
  if (wholes.every((whole) => 'number' in whole)) return builder.list(wholes.map(({ number }) => number));
  const parts = wholes.map((whole) => ('name' in whole ? whole.name : builder.list([whole.number])));
  return parts.length === 1 ? parts[0] : builder.value('general-concatenation', parts, { axis: 0 }, 'sizes');
}

/** An axis of a new shape: the product of some axes of the old one and a factor, over a divisor; or what is left over. */
export type Extent = 'rest' | { readonly axes: readonly number[]; readonly factor?: number; readonly divisor?: number };

/** As it was along an axis. */
export const copied = (axis: number): Extent => ({ axes: [axis] });
export const exactly = (factor: number): Extent => ({ axes: [], factor });

/** The shape of x as the extents tell it. */
export function reshaped(builder: SymbolBuilder, x: Name, extents: readonly Extent[], output?: Name): Name {
  const to = output ?? builder.fresh(`${x}.reshaped`);
  const codes = extents.map((extent, place) => codeOf(builder.shapeOf(x), extent, place));
  const copiesZeros = codes.includes('copied');
  const open = codes.filter((code) => code === null || code === -1).length;
  // A list serves where at most one size is left for −1, and a 0 means one thing.
  const isPlain = open <= 1 && !(copiesZeros && codes.includes(0));
  const list = isPlain
    ? builder.list(codes.map((code) => (code === 'copied' ? 0 : (code ?? -1))))
    : listed(
        builder,
        extents.map((extent) => (extent === 'rest' ? known(-1) : wholeOf(builder, x, extent))),
      );
  builder.emit('reshape', [x, list], { copiesZeros: isPlain && copiesZeros }, [to]);
  const sizes = codes.map((code) => (typeof code === 'number' && code >= 0 ? code : null));
  builder.assume(to, builder.dtypeOf(x), sizes);
  return to;
}

/** A size, or −1 for what is left over; null for what only the sizes tell. */
function codeOf(shape: readonly Size[], extent: Extent, place: number): number | 'copied' | null {
  if (extent === 'rest') return -1;
  const { axes, factor = 1, divisor = 1 } = extent;
  let product = factor;
  for (const axis of axes) {
    const size = shape[axis];
    if (typeof size === 'string')
      return axes.length === 1 && factor === 1 && divisor === 1 && axis === place ? 'copied' : null;
    product *= size;
  }
  return Math.trunc(product / divisor);
}

function wholeOf(builder: SymbolBuilder, x: Name, extent: Exclude<Extent, 'rest'>): Whole {
  const { axes, factor = 1, divisor = 1 } = extent;
  const product = axes.reduce(
    (whole, axis) => calculated(builder, 'multiplication', whole, sizeAlong(builder, x, axis)),
    known(factor),
  );
  return divisor === 1 ? product : calculated(builder, 'division', product, known(divisor));
}
