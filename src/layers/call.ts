/** What every layer without a plan does around its work: check what layers have in common, stage tensors, hand the output back. */
import { emptyProfile, now, type Profile } from '../algorithms/algorithm.ts';
import { type FieldsOf, reading } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor } from '../tensor/tensor.ts';
import { checkOutput, expectApart, type NamedTensor, newTensor, type Staging, staged } from './staging.ts';
import { runLine, sizesText } from './trace-lines.ts';

/** What every layer takes beside its input. */
export interface LayerOptions<Output extends TensorLike = Tensor> {
  /** Written in place, and returned; a new tensor when none is given. */
  readonly output?: Output;
  /** The default context when not given. */
  readonly context?: Context;
}

export const LAYER_FIELDS: FieldsOf<LayerOptions> = { output: true, context: true };

/** Checks a list of tensors one by one, so that the first that is none ends it, however long the list says that it is. */
export function checkTensors(who: string, what: string, list: readonly unknown[]): CheckedTensor[] {
  const tensors: CheckedTensor[] = [];
  const lengthOf = () => reading(who, what, 'invalid-argument', () => Number(list.length));
  const at = (index: number) => reading(who, what, 'invalid-argument', () => list[index]);
  for (let i = 0, length = lengthOf(); i < length; i++) {
    tensors.push(checkTensor(who, `${what}[${i}]`, at(i), [1, 2, 3, 4, 5]));
  }
  return tensors;
}

export function expectFinite(who: string, what: string, value: unknown): asserts value is number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected a finite number`);
  }
}

/** A tensor as N × C planes of `pixels` elements each. */
export interface Planes {
  readonly batch: number;
  readonly channels: number;
  readonly pixels: number;
}

/** The axis of the channels: 0 for [C] and [C, H, W], which are a batch of one, and 1 for all others. */
export function channelAxis(rank: number): number {
  return rank === 1 || rank === 3 ? 0 : 1;
}

/** The planes of a shape of rank 1 to 5, none of whose extents may be 0. */
export function planesOf(who: string, what: string, shape: readonly number[]): Planes {
  const axis = channelAxis(shape.length);
  const batch = axis === 0 ? 1 : shape[0];
  const channels = shape[axis];
  let pixels = 1;
  expectCount(who, `${what}'s batch size`, batch, 'invalid-batch-size');
  expectCount(who, `${what}'s channels`, channels, 'invalid-channels');
  for (const extent of shape.slice(axis + 1)) {
    expectCount(who, `${what}'s size`, extent, 'invalid-input-size');
    pixels *= extent;
  }
  return { batch, channels, pixels };
}

/** Checks that a value for each channel is one, and has as many elements. */
export function checkPerChannel(who: string, what: string, value: unknown, channels: number): CheckedTensor {
  const tensor = checkTensor(who, what, value, [1]);
  if (tensor.shape[0] !== channels) {
    throw new NnpackError(
      'invalid-channels',
      `${who}: ${what} has ${tensor.shape[0]} elements, expected ${channels} (the input's channels)`,
    );
  }
  return tensor;
}

/** The bias of a layer that may be without. */
export function checkBias(who: string, bias: unknown): CheckedTensor | undefined {
  return bias === undefined ? undefined : checkTensor(who, 'bias', bias, [1]);
}

/** An `output` that has been checked: the caller's own, which the call returns, and where its elements lie. */
export interface CheckedOutput<Output> {
  readonly given: Output;
  readonly tensor: CheckedTensor;
}

/**
 * A call of a layer of which everything has been checked: what a layer's own parse function gives, with the layer's own values
 * beside it. Frozen; nothing below looks at the options again.
 */
export interface ParsedCall<Output extends TensorLike = TensorLike> {
  readonly who: string;
  readonly context: Context;
  readonly inputs: readonly CheckedTensor[];
  /** Null where the call makes a new tensor. */
  readonly output: CheckedOutput<Output> | null;
  readonly outputShape: readonly number[];
}

/** Checks the output of a layer that reads elements after it has written others: it lies apart from all inputs. */
export function checkApartOutput<Output>(
  who: string,
  output: Output | undefined,
  shape: readonly number[],
  inputs: readonly NamedTensor[],
): CheckedOutput<Output> | null {
  if (output === undefined) return null;
  const tensor = checkOutput(who, output, shape);
  expectApart(who, tensor, inputs);
  return { given: output, tensor };
}

/** Checks the output of an elementwise layer: it may also be one of the inputs, element for element. */
export function checkElementwiseOutput<Output>(
  who: string,
  output: Output | undefined,
  shape: readonly number[],
  inputs: readonly NamedTensor[],
): CheckedOutput<Output> | null {
  if (output === undefined) return null;
  const tensor = checkOutput(who, output, shape);
  const others = inputs.filter(([, input]) => !isSameView(tensor, input));
  expectApart(who, tensor, others);
  return { given: output, tensor };
}

/** Whether two views name the same elements in the same order. */
function isSameView(a: CheckedTensor, b: CheckedTensor): boolean {
  return (
    a.data.buffer === b.data.buffer &&
    a.data.byteOffset + a.offset * 4 === b.data.byteOffset + b.offset * 4 &&
    a.shape.length === b.shape.length &&
    a.shape.every((extent, axis) => extent === b.shape[axis] && (extent === 1 || a.stride[axis] === b.stride[axis]))
  );
}

/**
 * Runs a layer on offsets into the context's memory: inputs are copied there unless they lie there, the work is done, and
 * the output is copied out unless it lies there.
 */
export function callLayer<Output extends TensorLike>(
  { who, context, inputs, output, outputShape }: ParsedCall<Output>,
  work: (inputs: readonly number[], output: number, staging: Staging, profile: Profile) => void,
): Output {
  return staged(context, who, (staging) => {
    const profile = emptyProfile();
    const start = now();
    const offsets = inputs.map((input) => staging.input(input));
    const target = output === null ? null : output.tensor;
    const result = into(who, context, target, outputShape, staging, (y) => work(offsets, y, staging, profile));
    profile.total = now() - start;
    context.trace.profile?.(runLine(callText(who, inputs, outputShape), null, profile));
    return output === null ? (result as Output) : output.given;
  });
}

function callText(who: string, inputs: readonly CheckedTensor[], shape: readonly number[]): string {
  return `${who} ${sizesText(
    inputs.map((input) => input.shape),
    shape,
  )}`;
}

/** Does `work` for where the output lies in the context's memory, and gives the tensor that then holds it. */
function into(
  who: string,
  context: Context,
  target: CheckedTensor | null,
  shape: readonly number[],
  staging: Staging,
  work: (output: number) => void,
): TensorLike {
  if (target !== null) {
    const y = staging.output(target, shape);
    work(y.offset);
    y.finish();
    return target;
  }
  // The context's memory has a limit to say what is too large, so it is asked before the tensor is made.
  const y = staging.allocate(sizeOf(shape));
  const result = newTensor(who, shape);
  work(y);
  result.data.set(context.arena.f32.subarray(y, y + sizeOf(shape)));
  return result;
}
