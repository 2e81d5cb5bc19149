import type { Activation } from '../algorithms/algorithm.ts';
import { NnpackError, show } from '../errors.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { checkTensor } from '../tensor/tensor.ts';
import { type Context, contextOf } from '../threads/context.ts';
import { type ActivationOption, checkActivation } from './activation.ts';
import { callLayer, checkElementwiseOutput, expectOptions, type LayerOptions, planesOf } from './call.ts';
import { additionStep, ITEM_ELEMENTS } from './steps.ts';

export interface AdditionOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** Two tensors of one shape, of rank 1 to 5. */
  readonly inputs: readonly [TensorLike, TensorLike];
  readonly activation?: ActivationOption;
}

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
  const who = 'additionOutput';
  expectOptions(who, options);
  const context = contextOf(who, options.context);
  const inputs: unknown = options.inputs;
  if (!Array.isArray(inputs) || inputs.length !== 2) {
    throw new NnpackError('invalid-argument', `${who}: inputs is ${show(inputs)}, expected an array of two tensors`);
  }
  const [a, b] = [0, 1].map((index) => checkTensor(who, `inputs[${index}]`, inputs[index], [1, 2, 3, 4, 5]));
  planesOf(who, 'inputs[0]', a.shape);
  if (a.shape.length !== b.shape.length || a.shape.some((extent, axis) => extent !== b.shape[axis])) {
    throw new NnpackError(
      'invalid-input-size',
      `${who}: inputs[1] has shape ${show([...b.shape])}, expected ${show([...a.shape])} (that of inputs[0])`,
    );
  }
  const activation = checkActivation(who, options.activation);
  const target = checkElementwiseOutput(who, options.output, a.shape, [
    ['inputs[0]', a],
    ['inputs[1]', b],
  ]);
  return callLayer(who, context, [a, b], options.output, target, a.shape, ([x, z], y) =>
    runAddition(context, sizeOf(a.shape), x, z, y, activation),
  );
}

/** y = activation(a + b) for `size` elements of the context's memory; y may be a or b. */
export function runAddition(
  context: Context,
  size: number,
  a: number,
  b: number,
  y: number,
  activation: Activation,
): void {
  context.pool.parallelize1dTile1d(additionStep, { a, b, y, ...activation }, size, ITEM_ELEMENTS);
}
