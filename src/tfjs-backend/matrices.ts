/** Products of matrices, or of stacks of them, and what TensorFlow.js fuses with them. */
import type { BatchMatMulAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { broadcastShape } from '../graph/ops/broadcast.ts';
import { matrixProduct } from '../graph/ops/matrix-product.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { copyIn } from '../tensor/tensor.ts';
import { activation } from './elementwise.ts';
import {
  activateBehind,
  activationWithin,
  addBehind,
  type FusedAttributes,
  type FusedInputs,
  refusesFused,
} from './fused.ts';
import type { AnyKernel, Kernel } from './kernel.ts';
import type { Placed } from './operations.ts';
import type { Room } from './room.ts';

interface Inputs extends FusedInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

type Attributes = BatchMatMulAttrs & FusedAttributes;

function productShape({ a, b }: Inputs, { transposeA, transposeB }: BatchMatMulAttrs, name: string): number[] {
  const stack = broadcastShape({ name, op: name }, [a.shape.slice(0, -2), b.shape.slice(0, -2)]) as number[];
  return [...stack, a.shape.at(transposeA ? -1 : -2) as number, b.shape.at(transposeB ? -2 : -1) as number];
}

/** TensorFlow.js's own kernel says what is wrong. */
function refusesShapes({ a, b }: Inputs, { transposeA, transposeB }: BatchMatMulAttrs): string | null {
  const areMatrices = a.shape.length >= 2 && b.shape.length >= 2;
  const isInner = a.shape.at(transposeA ? -2 : -1) === b.shape.at(transposeB ? -1 : -2);
  const [stackA, stackB] = [a.shape.slice(0, -2).reverse(), b.shape.slice(0, -2).reverse()];
  const areStacks = stackA.every((size, i) => size === 1 || (stackB[i] ?? 1) === 1 || stackB[i] === size);
  return areMatrices && isInner && areStacks ? null : 'shapes that have no product';
}

/** One matrix b with its rows and columns exchanged, as the products read it; kept from the second time on. */
function turned(room: Room, b: TensorInfo): Placed {
  const [rows, columns] = b.shape.slice(-2);
  const shape = [...b.shape.slice(0, -2), columns, rows];
  const turnTo = (at: number): void => {
    const { data, offset } = room.view(b);
    copyIn({ data, shape: [columns, rows], stride: [1, columns], offset }, room.context.arena.f32, at);
  };
  const { weights } = room.backend;
  if (!weights.isKnown(b.dataId)) {
    const at = room.allocate(sizeOf(b.shape));
    turnTo(at);
    return { at, shape };
  }
  const { packed } = weights.of(b.dataId, `turned ${shape}`, () => {
    const at = room.context.arena.allocate(sizeOf(shape), 'BatchMatMul');
    turnTo(at);
    return { packed: at };
  });
  return { at: packed, shape };
}

function product(name: string): Kernel<Inputs, Attributes> {
  return {
    name,
    refuses: (inputs, attrs) => refusesShapes(inputs, attrs) ?? refusesFused(attrs),
    run({ inputs, attrs, room }) {
      const { a, b, bias, preluActivationWeights: slopes } = inputs;
      const isOne = sizeOf(b.shape.slice(0, -2)) === 1;
      const left = { at: room.flat(a), shape: a.shape };
      const isTurned = isOne && !attrs.transposeB;
      const right = isTurned ? turned(room, b) : { at: room.flat(b), shape: b.shape };
      const shape = productShape(inputs, attrs, name);
      const result = room.result(shape, null);
      const y = { at: result.at, shape };
      const flags = { transposeA: attrs.transposeA, transposeB: isTurned || attrs.transposeB };
      room.operate(name, matrixProduct, flags, [left, right], y);
      if (bias) addBehind(room, y, { at: room.flat(bias), shape: bias.shape });
      if (attrs.activation) activation(activationWithin(attrs))(room, sizeOf(shape), y.at, y.at);
      activateBehind(room, attrs, y, slopes ? { at: room.flat(slopes), shape: slopes.shape } : null);
      return room.tensor(result);
    },
  };
}

export const MATRICES: readonly AnyKernel[] = [product('BatchMatMul'), product('_FusedMatMul')];
