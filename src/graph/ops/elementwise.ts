/** Operations that work element by element: of one value, or of several that are stretched to one shape. */
import type { FieldsOf } from '../../check/options.ts';
import { NnpackError } from '../../errors.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Lowering, withoutWeights } from '../compiled.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { type Dtype, isFloat } from '../values.ts';
import { broadcastShape, mapStretched, stretchedStrides, walkStretched } from './broadcast.ts';
import { mapped, present } from './double.ts';
import { onFloats } from './inputs.ts';
import { type Count, type Given, type NoAttributes, ONE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** y = f(x) with numbers that say which f. */
export function unaryWith<A extends object>(
  fields: FieldsOf<A>,
  check: (who: string, given: Given) => A,
  functionOf: (attributes: A) => (x: number) => number,
): Operation<A> {
  return {
    inputs: ONE,
    fields,
    check,
    infer: onFloats((_node, [x]) => [x ?? []]),
    lower({ node, outputs, context }: Lowering<A>) {
      const f = functionOf(node.attributes);
      const size = sizeOf(outputs[0]);
      return withoutWeights(([x], [y]) => {
        const { f32 } = context.arena;
        for (let i = 0; i < size; i++) f32[y + i] = f(f32[x + i]);
      });
    },
    reference: ({ attributes }, [x]) => [mapped(present(x), functionOf(attributes))],
    slicing: () => PIXELWISE,
    inPlace: 1,
    isElementwise: true,
    gradient: null,
  };
}

/** y = f(x). */
export function unary(f: (x: number) => number): Operation<NoAttributes> {
  return unaryWith<NoAttributes>(
    {},
    () => ({}),
    () => f,
  );
}

/** How an operation of several values is made. */
interface Stretched {
  readonly inputs: Count;
  /** What it makes of numbers of a type. */
  readonly f: (dtype: Dtype) => (...values: readonly number[]) => number;
  /** The type of what it makes, which is that of its inputs when not told. */
  readonly dtype?: Dtype;
  /** Which types it is for; all when not told. */
  readonly serves?: (dtype: Dtype) => boolean;
}

/** y = f(x₀, x₁, …), the inputs stretched to one shape. */
export function stretched({ inputs, f, dtype, serves = () => true }: Stretched): Operation<NoAttributes> {
  return {
    inputs,
    fields: {},
    check: () => ({}),
    infer: (node, types) => inferStretched(node, types, serves, dtype),
    lower({ inputs: shapes, outputs: [shape], context }) {
      const own = f('float32');
      const strides = shapes.map((each) => stretchedStrides(each ?? [], shape));
      return withoutWeights((xs, [y]) => {
        const { f32 } = context.arena;
        walkStretched(shape, strides, (at, places) => {
          f32[y + at] = own(...places.map((place, i) => f32[xs[i] + place]));
        });
      });
    },
    reference(node, given) {
      const values = given.map(present);
      const shape = broadcastShape(
        node,
        values.map((value) => value.shape),
      ) as readonly number[];
      return [mapStretched(values, shape, f(values[0].dtype ?? 'float32'))];
    },
    slicing: (_node, types) => {
      const [first, ...others] = types.map((type) => String(type?.shape));
      return others.every((shape) => shape === first) ? PIXELWISE : 'its inputs are stretched to one shape';
    },
    isElementwise: true,
    gradient: null,
  };
}

function inferStretched(
  node: OpNode<object>,
  types: InputTypes,
  serves: (dtype: Dtype) => boolean,
  made: Dtype | undefined,
): readonly InferredType[] {
  const known = types.filter((type) => type !== null);
  const [{ dtype }] = known;
  const other = known.find((type) => type.dtype !== dtype);
  if (other !== undefined || !serves(dtype)) {
    const text = other === undefined ? `are of type ${dtype}` : `are of the types ${dtype} and ${other.dtype}`;
    const expected = other === undefined ? 'another type' : 'one type';
    throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: inputs ${text}, expected ${expected}`);
  }
  const shape = broadcastShape(
    node,
    known.map((type) => type.shape),
  );
  return [{ dtype: made ?? dtype, shape }];
}

/** Types of numbers, not of truth. */
export const isNumber = (dtype: Dtype): boolean => dtype !== 'bool';
export const isTruth = (dtype: Dtype): boolean => dtype === 'bool';
export const isWholeNumber = (dtype: Dtype): boolean => isNumber(dtype) && !isFloat(dtype);
export const TWO: Count = { least: 2, most: 2 };
