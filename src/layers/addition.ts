import type { ActivationParameters } from '../algorithms/algorithm.ts';
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import {
  callLayer,
  checkElementwiseOutput,
  checkTensors,
  LAYER_FIELDS,
  type LayerOptions,
  type ParsedCall,
  planesOf,
} from './call.ts';
import { additionStep, ITEM_ELEMENTS } from './steps.ts';

export interface AdditionOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** Two tensors of one shape, of rank 1 to 5. */
  readonly inputs: readonly [TensorLike, TensorLike];
  /** Applied to each output; `identity` when not given. */
  readonly activation?: ActivationOption;
}

const FIELDS: FieldsOf<AdditionOptions> = { ...LAYER_FIELDS, inputs: true, activation: true };

/**
 * The sum of two tensors of one shape, y = activation(a + b): where a residual block meets its input. `output` may be
 * either of them.
 *
 * @returns a tensor of their shape
 * @throws NnpackError `invalid-input-size` for two shapes; tensor and activation errors
 * @example
 * additionOutput({ inputs: [x, residual], output: x, activation: 'relu' });
 */
export function additionOutput<Output extends TensorLike = Tensor>(options: AdditionOptions<Output>): Output {
  const call = parseAddition('additionOutput', options);
  const { context, outputShape, activation } = call;
  return callLayer(call, ([x, z], y) => runAddition(context, sizeOf(outputShape), x, z, y, activation));
}

interface ParsedAddition<Output extends TensorLike> extends ParsedCall<Output> {
  readonly activation: ActivationParameters;
}

function parseAddition<Output extends TensorLike>(
  who: string,
  options: AdditionOptions<Output>,
): ParsedAddition<Output> {
  const read = readOptions<AdditionOptions<Output>>(who, options, FIELDS);
  const context = contextOf(who, read.context);
  const given: unknown = read.inputs;
  const inputs = isArray(given) ? checkTensors(who, 'inputs', given) : [];
  if (inputs.length !== 2) {
    throw new NnpackError('invalid-argument', `${who}: inputs is ${show(given)}, expected an array of two tensors`);
  }
  const [a, b] = inputs;
  planesOf(who, 'inputs[0]', a.shape);
  if (a.shape.length !== b.shape.length || a.shape.some((extent, axis) => extent !== b.shape[axis])) {
    throw new NnpackError(
      'invalid-input-size',
      `${who}: inputs[1] has shape ${show([...b.shape])}, expected ${show([...a.shape])} (that of inputs[0])`,
    );
  }
  const activation = checkActivation(who, read.activation);
  const output = checkElementwiseOutput(who, read.output, a.shape, [
    ['inputs[0]', a],
    ['inputs[1]', b],
  ]);
  return Object.freeze({ who, context, inputs, output, outputShape: a.shape, activation });
}

/** y = activation(a + b) for `size` elements of the context's memory; y may be a or b. */
export function runAddition(
  context: Context,
  size: number,
  a: number,
  b: number,
  y: number,
  activation: ActivationParameters,
): void {
  context.pool.parallelize1dTile1d(additionStep, { a, b, y, ...activation }, size, ITEM_ELEMENTS);
}
