import { runScaleShift } from '../../layers/normalisation.ts';
import { type Compiled, type Lowering, loadConstant, wholeLines } from '../compiled.ts';
import { at, build, present } from './double.ts';
import { expectChannels, expectVector, onFloats } from './inputs.ts';
import type { NoAttributes, Operation, ScaleShift } from './operation.ts';
import { planesAlong } from './planes.ts';
import { PIXELWISE } from './slicing.ts';
import { floatsOf, requiredWeight } from './weights.ts';

/** y = x · scale + shift, channel by channel: what a batch normalisation is once its statistics are folded. */
export const scaleShift: Operation<NoAttributes> = {
  inputs: { least: 3, most: 3 },
  weights: [
    { name: 'scale', axes: ['C'], role: 'weight' },
    { name: 'shift', axes: ['C'], role: 'weight' },
  ],
  fields: {},
  check: () => ({}),
  infer: onFloats((node, [x, scale, shift]) => {
    const shape = expectChannels(node, x, scale);
    expectVector(node, 'scale', scale, shape[1], 'invalid-channels');
    expectVector(node, 'shift', shift, shape[1], 'invalid-channels');
    return [shape];
  }),
  lower(call) {
    const [scale, shift] = [0, 1].map((i) => requiredWeight(call.weights, i).data);
    return lowerScaleShift(call, { scale, shift });
  },
  reference(_node, inputs) {
    const [x, scale, shift] = inputs.map(present);
    return [build(x.shape, (index) => at(x, index) * scale.data[index[1]] + shift.data[index[1]])];
  },
  slicing: () => PIXELWISE,
  inPlace: 1,
  asScaleShift(_node, weights) {
    const [scale, shift] = weights.map(floatsOf);
    return scale === null || shift === null ? null : { scale, shift };
  },
  takeScaleShift(_node, [scale, shift], behind) {
    const [a, b] = [floatsOf(scale), floatsOf(shift)];
    if (scale === null || shift === null || a === null || b === null) return null;
    return [
      { ...scale, data: a.map((value, c) => value * behind.scale[c]) },
      { ...shift, data: b.map((value, c) => value * behind.scale[c] + behind.shift[c]) },
    ];
  },
  gradient: null,
};

export function lowerScaleShift({ outputs, context }: Lowering<object>, { scale, shift }: ScaleShift): Compiled {
  const planes = planesAlong(outputs[0]);
  return {
    constantFloats: wholeLines(scale.length) + wholeLines(shift.length),
    load({ constants }) {
      const scaleAt = loadConstant(context, scale, constants);
      const shiftAt = loadConstant(context, shift, constants + wholeLines(scale.length));
      return ([x], [y]) => runScaleShift(context, planes, x, scaleAt, shiftAt, y);
    },
  };
}
