/** What operations expect of the types of their inputs. */
import { type ErrorCode, NnpackError } from '../../errors.ts';
import { type InferredType, type InputTypes, type OpNode, type Sizes, whoIs } from '../node.ts';
import { isFloat, type Size, shapeText, type ValueType } from '../values.ts';

type Who = Pick<OpNode<unknown>, 'name' | 'op'>;

/** Infers shapes, for inputs of one floating-point type that is the outputs' as well. */
export function onFloats<N extends OpNode<object>>(
  shapesOf: (node: N, shapes: readonly (readonly Size[] | null)[]) => readonly Sizes[],
): (node: N, inputs: InputTypes) => readonly InferredType[] {
  const infer = onOneType(shapesOf);
  return (node, inputs) => {
    for (const type of inputs) {
      if (type === null || isFloat(type.dtype)) continue;
      const text = `an input is of type ${type.dtype}, expected a floating-point type`;
      throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
    }
    return infer(node, inputs);
  };
}

/** Infers shapes, for inputs of one type that is the outputs' as well. */
export function onOneType<N extends OpNode<object>>(
  shapesOf: (node: N, shapes: readonly (readonly Size[] | null)[]) => readonly Sizes[],
): (node: N, inputs: InputTypes) => readonly InferredType[] {
  return (node, inputs) => {
    const [{ dtype }, ...others] = inputs.filter((type): type is ValueType => type !== null);
    for (const other of others) {
      if (other.dtype === dtype) continue;
      const text = `inputs are of the types ${dtype} and ${other.dtype}, expected one type`;
      throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
    }
    const shapes = inputs.map((type) => type?.shape ?? null);
    return shapesOf(node, shapes).map((shape) => ({ dtype, shape }));
  };
}

/** The product of sizes; null where one of them is not known. */
export function productOf(sizes: readonly Size[]): number | null {
  let product = 1;
  for (const size of sizes) {
    if (typeof size !== 'number') return null;
    product *= size;
  }
  return product;
}

/** @throws NnpackError unless the input is N planes of C channels */
export function expectPlanes(node: Who, shape: readonly Size[] | null): readonly [Size, Size, Size, Size] {
  if (shape?.length === 4) return shape as readonly [Size, Size, Size, Size];
  throw wrongRank(node, 'input', '[N, C, H, W]', shape);
}

/** @throws NnpackError unless the input has a batch and channels */
export function expectChannelAxis(node: Who, shape: readonly Size[] | null): readonly Size[] {
  if (shape !== null && shape.length >= 2) return shape;
  throw wrongRank(node, 'input', '[N, C, …]', shape);
}

export function wrongRank(node: Who, what: string, expected: string, shape: readonly Size[] | null): NnpackError {
  const got = shape === null ? 'nothing' : shapeText(shape);
  return new NnpackError('invalid-rank', `${whoIs(node)}: ${what} expected ${expected}, got ${got}`);
}

/** @throws NnpackError unless a vector has one number for each of `count` channels */
export function expectVector(
  node: Who,
  what: string,
  shape: readonly Size[] | null | undefined,
  count: Size,
  code: ErrorCode,
): void {
  if (shape === null || shape === undefined) return;
  if (mayEqual(shape[0], count)) return;
  throw new NnpackError(code, `${whoIs(node)}: ${what} has ${shape[0]} numbers, expected ${count}`);
}

/** Whether two sizes may turn out to be equal. */
export function mayEqual(a: Size, b: Size): boolean {
  return typeof a === 'string' || typeof b === 'string' || a === b;
}

export function expectChannels(
  node: Who,
  shape: readonly Size[] | null,
  weight: readonly Size[] | null,
): readonly Size[] {
  const known = expectChannelAxis(node, shape);
  const expected = weight?.[0] ?? known[1];
  if (mayEqual(known[1], expected)) return known.map((size, axis) => (axis === 1 ? expected : size));
  const what = `input has ${known[1]} channels, expected ${expected}`;
  throw new NnpackError('invalid-channels', `${whoIs(node)}: ${what}`);
}

/** Shapes of `what` that must be the same; each tells the others what it leaves open. */
export function expectOneShape(node: Who, what: string, shapes: readonly (readonly Size[] | null)[]): readonly Size[] {
  return shapes.map((shape) => shape ?? []).reduce((a, b) => agree(node, what, a, b));
}

function agree(node: Who, what: string, a: readonly Size[], b: readonly Size[]): readonly Size[] {
  const same = a.length === b.length && a.every((size, axis) => mayEqual(size, b[axis]));
  const code: ErrorCode = a.length === b.length ? 'invalid-input-size' : 'invalid-rank';
  if (!same) {
    const got = `${shapeText(a)} and ${shapeText(b)}`;
    throw new NnpackError(code, `${whoIs(node)}: expected one shape for ${what}, got ${got}`);
  }
  return a.map((size, axis) => (typeof size === 'number' ? size : b[axis]));
}
