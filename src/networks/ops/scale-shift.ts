import { planesOf } from '../../layers/call.ts';
import { runScaleShift } from '../../layers/normalisation.ts';
import { loadConstant, wholeLines } from '../compiled.ts';
import { type ScaleShiftNode, whoIs } from '../network.ts';
import { parseNumbers, parseVector } from '../parse-values.ts';
import { at, build } from './double.ts';
import { expectChannels } from './inputs.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

export const scaleShift: Operation<ScaleShiftNode> = {
  inputs: ONE_INPUT,
  fields: { scale: true, shift: true },
  parse(who, given) {
    const scale = parseNumbers(who, 'scale', given.scale);
    return { scale, shift: parseVector(who, 'shift', given.shift, scale.length, 'invalid-channels') };
  },
  infer: (node, [input]) => expectChannels(node, input, node.scale.length),
  compile(node, [input], _options, context) {
    const { scale, shift } = node;
    const planes = planesOf(whoIs(node), 'input', input);
    return {
      constantFloats: wholeLines(scale.length) + wholeLines(shift.length),
      load({ constants }) {
        const scaleAt = loadConstant(context, scale, constants);
        const shiftAt = loadConstant(context, shift, constants + wholeLines(scale.length));
        return ([x], y) => runScaleShift(context, planes, x, scaleAt, shiftAt, y);
      },
    };
  },
  reference: (node, [x]) => build(x.shape, (index) => at(x, index) * node.scale[index[1]] + node.shift[index[1]]),
  slicing: () => PIXELWISE,
  inPlace: 1,
  asScaleShift: (node) => node,
  parameters: ({ scale, shift }) => scale.length + shift.length,
  gradient: null,
};
