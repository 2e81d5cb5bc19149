/** Pictures put together along their channels, and zeros put around them: what stands between convolutions, and keeps planes so. */
import type { ConcatAttrs, PadV2Attrs, TensorInfo } from '@tensorflow/tfjs-core';
import { checkConcatenation, runConcatenation } from '../layers/concatenation.ts';
import { checkPad, runPad } from '../layers/pad.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { type AnyKernel, type Kernel, planesShape } from './kernel.ts';

const concatenation: Kernel<readonly TensorInfo[], ConcatAttrs> = {
  name: 'Concat',
  refuses(inputs, { axis }, { backend }) {
    const isOfChannels = inputs.every(({ shape }) => shape.length === 4) && (axis === 3 || axis === -1);
    if (!isOfChannels) return 'another axis than that of the channels of pictures';
    return inputs.some((x) => backend.orderOf(x) !== null) ? null : 'no picture lies plane by plane yet';
  },
  run({ inputs, room }) {
    const shapes = inputs.map(({ shape }) => ({ shape: planesShape(shape) }));
    const problem = checkConcatenation('Concat', shapes, 1);
    const [batch, channels, height, width] = problem.outputShape;
    const from = inputs.map((x) => room.planes(x));
    const result = room.resultPlanes([batch, height, width, channels]);
    runConcatenation(room.context, problem, from, result.at);
    return room.tensor(result);
  },
};

const padding: Kernel<{ x: TensorInfo }, PadV2Attrs> = {
  name: 'PadV2',
  refuses({ x }, { paddings, constantValue }) {
    const isOfPlanes =
      x.shape.length === 4 && sizeOf(x.shape) > 0 && paddings[0].every(isNone) && paddings[3].every(isNone);
    if (!isOfPlanes) return 'another axis than the height and width of pictures';
    return Number.isNaN(constantValue) ? 'a padding of NaN' : null;
  },
  run({ inputs: { x }, attrs: { paddings, constantValue }, room }) {
    const [, [top, bottom], [left, right]] = paddings;
    const around = { padding: { top, right, bottom, left }, mode: 'constant', value: constantValue } as const;
    const shape = checkPad('PadV2', planesShape(x.shape), around);
    const from = room.planes(x);
    const result = room.resultPlanes([x.shape[0], shape.outputHeight, shape.outputWidth, x.shape[3]]);
    runPad(room.context, shape, from, result.at);
    return room.tensor(result);
  },
};

const isNone = (count: number): boolean => count === 0;

export const MOVING: readonly AnyKernel[] = [concatenation, padding];
