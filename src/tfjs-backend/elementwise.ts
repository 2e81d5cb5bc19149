/** Kernels that work element by element, in whatever order the elements lie. */
import type { LeakyReluAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { ActivationParameters } from '../algorithms/algorithm.ts';
import { broadcastShape } from '../graph/ops/broadcast.ts';
import { division } from '../graph/ops/division.ts';
import { elu } from '../graph/ops/elu.ts';
import { maximum } from '../graph/ops/maximum.ts';
import { minimum } from '../graph/ops/minimum.ts';
import { multiplication } from '../graph/ops/multiplication.ts';
import type { NoAttributes, Operation } from '../graph/ops/operation.ts';
import { parametricRelu } from '../graph/ops/parametric-relu.ts';
import { subtraction } from '../graph/ops/subtraction.ts';
import { sum } from '../graph/ops/sum.ts';
import { leakyRelu, RELU } from '../layers/activation.ts';
import { runGate } from '../layers/gate.ts';
import { runActivation } from '../layers/relu.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { isSameOrder, type Pictures, picturesOf } from './arena-values.ts';
import { type AnyKernel, type Kernel, type KernelCall, planesShape } from './kernel.ts';
import type { Room } from './room.ts';

export const RELU6: ActivationParameters = { slope: 1, low: 0, high: 6 };

/** y = f(x); y may lie where x does. */
export type Unary = (room: Room, size: number, x: number, y: number) => void;

export const activation =
  (parameters: ActivationParameters): Unary =>
  (room, size, x, y) =>
    runActivation(room.context, size, x, y, parameters);

export const runSigmoid: Unary = (room, size, x, y) =>
  runGate(room.context, 'sigmoid', size, x, y, { slope: 1, offset: 0 });

export const runElu: Unary = (room, size, x, y) =>
  room.operate('elu', elu, { alpha: 1, scale: 1 }, [{ at: x, shape: [size] }], {
    at: y,
    shape: [size],
  });

type UnaryInputs = { readonly x: TensorInfo };

function unary<Attributes extends object>(
  name: string,
  f: (attrs: Attributes) => Unary,
): Kernel<UnaryInputs, Attributes> {
  return {
    name,
    run({ inputs: { x }, attrs, room }) {
      const order = room.backend.orderOf(x);
      const from = room.ordered(x, order);
      const result = room.result(x.shape, order);
      f(attrs)(room, sizeOf(x.shape), from, result.at);
      return room.tensor(result);
    },
  };
}

/** The order in which a result of several tensors is made: as planes, where one of them lies so and has its shape. */
function orderOfResult(room: Room, shape: readonly number[], inputs: readonly TensorInfo[]): Pictures | null {
  const wanted = picturesOf(shape);
  const isThere = (x: TensorInfo) => String(x.shape) === String(shape) && isSameOrder(room.backend.orderOf(x), wanted);
  return inputs.some(isThere) ? wanted : null;
}

/** y = operation(inputs), stretched to one shape; inputs may have fewer axes. */
function combine(
  name: string,
  operation: Operation<NoAttributes>,
  inputs: readonly TensorInfo[],
  { room }: Pick<KernelCall<object, object>, 'room'>,
): TensorInfo {
  const shapes = inputs.map(({ shape }) => shape);
  const shape = broadcastShape({ name, op: name }, shapes) as number[];
  const order = orderOfResult(room, shape, inputs);
  const placed = inputs.map((x) => {
    if (order === null) return { at: room.flat(x), shape: x.shape };
    const full = [...new Array<number>(4 - x.shape.length).fill(1), ...x.shape];
    return { at: room.ordered(x, picturesOf(full)), shape: planesShape(full) };
  });
  const result = room.result(shape, order);
  const y = { at: result.at, shape: order === null ? shape : planesShape(shape) };
  room.operate(name, operation, {}, placed, y);
  return room.tensor(result);
}

const pair = (name: string, operation: Operation<NoAttributes>): Kernel<{ a: TensorInfo; b: TensorInfo }, object> => ({
  name,
  run: (call) => combine(name, operation, [call.inputs.a, call.inputs.b], call),
});

/** A slope that our kernels do not have. */
export function refusesSlope(slope: number): string | null {
  return slope >= 0 && slope < Infinity ? null : 'a slope that is negative, or no finite number';
}

const prelu: Kernel<{ x: TensorInfo; alpha: TensorInfo }, object> = {
  name: 'Prelu',
  refuses: ({ x, alpha }) =>
    alpha.shape.length > x.shape.length ? 'slopes that have more axes than what they are for' : null,
  run: (call) => combine('Prelu', parametricRelu, [call.inputs.x, call.inputs.alpha], call),
};

export const ELEMENTWISE: readonly AnyKernel[] = [
  pair('Add', sum),
  pair('Sub', subtraction),
  pair('Multiply', multiplication),
  pair('RealDiv', division),
  pair('Minimum', minimum),
  pair('Maximum', maximum),
  unary('Relu', () => activation(RELU)),
  unary('Relu6', () => activation(RELU6)),
  {
    ...unary('LeakyRelu', ({ alpha }: LeakyReluAttrs) => activation(leakyRelu(alpha))),
    refuses: (_inputs: UnaryInputs, { alpha }: LeakyReluAttrs) => refusesSlope(alpha),
  },
  unary('Sigmoid', () => runSigmoid),
  unary('Elu', () => runElu),
  prelu,
];
