/** Operations that work element by element: of one value, or of several that are stretched to one shape. */
import type { FieldsOf } from '../../check/options.ts';
import { NnpackError } from '../../errors.ts';
import type { Combination, Gate } from '../../kernels/table.ts';
import { expectFinite } from '../../layers/call.ts';
import { runGate } from '../../layers/gate.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { type Lowering, withoutWeights } from '../compiled.ts';
import { type InferredType, type InputTypes, type OpNode, whoIs } from '../node.ts';
import { type Dtype, isFloat, type ValueType } from '../values.ts';
import { broadcastShape, mapStretched } from './broadcast.ts';
import { mapped, present } from './double.ts';
import { type Count, type Given, type NoAttributes, ONE, type Operation } from './operation.ts';
import { isOnePixel, PIXELWISE } from './slicing.ts';
import { lowerCombination, lowerStretched } from './stretched-loops.ts';

/** What a function of one value is for, and makes. */
interface UnaryTypes {
  /** Which types it is for; floating-point ones when not told. */
  readonly serves?: (dtype: Dtype) => boolean;
  /** The type of what it makes, which is that of its input when not told. */
  readonly dtype?: Dtype;
}

/** The kernel that computes it in single precision, with the numbers that say which. */
export interface GateOf<A extends object> {
  readonly gate: Gate;
  readonly numbers: (attributes: A) => { readonly slope: number; readonly offset: number };
}

/** y[i] = f(x[i]) for n elements; x and y are offsets. */
type Loop = (f32: Float32Array, n: number, x: number, y: number) => void;

/** y = f(x) with numbers that say which f. */
export function unaryWith<A extends object>(
  fields: FieldsOf<A>,
  check: (who: string, given: Given) => A,
  functionOf: (attributes: A) => (x: number) => number,
  { serves = isFloat, dtype: made }: UnaryTypes = {},
  runs?: Loop | GateOf<A>,
): Operation<A> {
  return {
    inputs: ONE,
    fields,
    check,
    infer: (node, [x]) => [{ dtype: made ?? expectServed(node, x, serves), shape: x?.shape ?? [] }],
    lower({ node, outputs, context }: Lowering<A>) {
      const size = sizeOf(outputs[0]);
      if (typeof runs === 'object') {
        const numbers = runs.numbers(node.attributes);
        return withoutWeights(([x], [y]) => runGate(context, runs.gate, size, x, y, numbers));
      }
      const run = runs ?? loopOf(functionOf(node.attributes));
      return withoutWeights(([x], [y]) => run(context.arena.f32, size, x, y));
    },
    reference: ({ attributes }, [x]) => [mapped(present(x), functionOf(attributes))],
    slicing: () => PIXELWISE,
    // Both lie in memory at one place only where they are of one type.
    inPlace: made === undefined ? 1 : 0,
    isElementwise: true,
    gradient: null,
  };
}

function expectServed(node: OpNode<object>, x: ValueType | null, serves: (dtype: Dtype) => boolean): Dtype {
  const dtype = x?.dtype ?? 'float32';
  if (serves(dtype)) return dtype;
  const expected = serves === isFloat ? 'a floating-point type' : 'another type';
  throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: input is of type ${dtype}, expected ${expected}`);
}

function loopOf(f: (x: number) => number): Loop {
  return (f32, n, x, y) => {
    for (let i = 0; i < n; i++) f32[y + i] = f(f32[x + i]);
  };
}

/**
 * y = f(x). What is as cheap as reading x brings its own loop: one that many functions share calls them for each element.
 */
export function unary(
  f: (x: number) => number,
  types: UnaryTypes = {},
  runs?: Loop | GateOf<NoAttributes>,
): Operation<NoAttributes> {
  return unaryWith<NoAttributes>(
    {},
    () => ({}),
    () => f,
    types,
    runs,
  );
}

/** Attributes that are all finite numbers. */
export function finiteNumbers<A extends Readonly<Record<keyof A, number>>>(
  fields: FieldsOf<A>,
): (who: string, given: Given) => A {
  const names = Object.keys(fields);
  return (who, given) => {
    for (const name of names) expectFinite(who, name, given[name]);
    return Object.fromEntries(names.map((name) => [name, given[name]])) as A;
  };
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
  /** The kernel that computes it in single precision, two values at a time. */
  readonly combination?: Combination;
}

/** y = f(x₀, x₁, …), the inputs stretched to one shape. */
export function stretched({ inputs, f, dtype, serves = () => true, combination }: Stretched): Operation<NoAttributes> {
  return {
    inputs,
    fields: {},
    check: () => ({}),
    infer: (node, types) => inferStretched(node, types, serves, dtype),
    lower: (call) =>
      combination === undefined ? lowerStretched(call, f('float32')) : lowerCombination(call, combination),
    reference(node, given) {
      const values = given.map(present);
      const shape = broadcastShape(
        node,
        values.map((value) => value.shape),
      ) as readonly number[];
      return [mapStretched(values, shape, f(values[0].dtype ?? 'float32'))];
    },
    slicing: (_node, types) => {
      const pictures = types.filter((type) => !isOnePixel(type?.shape ?? []));
      const [first, ...others] = pictures.map((type) => String(type?.shape.slice(-2)));
      return others.every((sizes) => sizes === first) ? PIXELWISE : 'its inputs are stretched to one shape';
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
