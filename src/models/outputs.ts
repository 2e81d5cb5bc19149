/** Arrays of the caller's that results are written into: all of them are checked before one is written. */
import { NnpackError, show } from '../errors.ts';
import { parseByName } from '../graph/parse-values.ts';
import { isInMemory } from '../graph/run-values.ts';
import { arrayName, type Dtype, isArrayOf, type Name } from '../graph/values.ts';
import { checkOutput } from '../layers/staging.ts';
import { sizeOf, type TypedNumbers, type TypedTensor } from '../tensor/ndarray.ts';
import { checkShape, copyOut, isDense, readTensor } from '../tensor/tensor.ts';
import type { ModelValue } from './source.ts';

/** What the caller gave for outputs, by name. */
export type Given = ReadonlyMap<Name, { readonly given: TypedTensor; readonly dtype: Dtype | null }>;

/** @throws NnpackError for a name that is no output's */
export function parseOutputs(who: string, output: unknown, outputs: ReadonlyMap<Name, ModelValue>): Given | null {
  if (output === undefined) return null;
  const given = parseByName(who, 'output', output, [...outputs.keys()], 'invalid-output');
  return new Map(
    [...given].map(([name, value]) => [name, { given: value as TypedTensor, dtype: outputs.get(name)?.dtype ?? null }]),
  );
}

/** The results, those that were given an array in that. */
export function writeOutputs(who: string, results: Record<Name, TypedTensor>, into: Given): Record<Name, TypedTensor> {
  const writes = [...into].map(([name, { given, dtype }]) => {
    return writerOf(`${who}: output ${show(name)}`, results[name], given, dtype);
  });
  for (const write of writes) write();
  return { ...results, ...Object.fromEntries([...into].map(([name, { given }]) => [name, given])) };
}

function writerOf(who: string, { data, shape }: TypedTensor, given: unknown, dtype: Dtype | null): () => void {
  if (dtype !== null && isInMemory(dtype)) {
    const target = checkOutput(who, given, shape);
    return () => copyOut(data as Float32Array, 0, target);
  }
  const { shape: sizes } = checkShape(who, 'output', given, [shape.length]);
  if (sizes.some((size, axis) => size !== shape[axis])) {
    throw new NnpackError('invalid-output', `${who} has shape ${show([...sizes])}, expected ${show([...shape])}`);
  }
  const target = readTensor(who, 'output', given, ['data', 'stride', 'offset']);
  const { stride, offset = 0 } = target;
  const isWhole = stride === undefined || isDense({ shape, stride: stride as readonly number[] });
  if (dtype === null || !isArrayOf(dtype, target.data)) {
    const expected = dtype === null ? 'none: its type follows from what is computed' : `a ${arrayName(dtype)}`;
    throw new NnpackError('invalid-tensor-type', `${who} holds ${show(target.data)}, expected ${expected}`);
  }
  if (!isWhole || offset !== 0 || target.data.length !== sizeOf(shape)) {
    throw new NnpackError('invalid-output', `${who} is a view, expected it dense, of ${sizeOf(shape)} numbers`);
  }
  const to: TypedNumbers = target.data;
  return () => {
    for (let i = 0; i < data.length; i++) to[i] = data[i];
  };
}
