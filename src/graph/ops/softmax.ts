import { runSoftmax } from '../../layers/softmax.ts';
import { withoutWeights } from '../compiled.ts';
import { at, build, present, sum } from './double.ts';
import { expectChannelAxis, onFloats } from './inputs.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { planesAlong } from './planes.ts';
import { PIXELWISE } from './slicing.ts';

/** Over the channels, at each pixel. */
export const softmax: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer: onFloats((node, [x]) => [expectChannelAxis(node, x)]),
  lower({ outputs: [shape], context }) {
    const planes = planesAlong(shape);
    return withoutWeights(([x], [y]) => runSoftmax(context, planes, x, y));
  },
  reference(_node, [input]) {
    const x = present(input);
    const softmaxAt = ([n, c, ...p]: readonly number[]) => {
      const logits = Array.from({ length: x.shape[1] }, (_, k) => at(x, [n, k, ...p]));
      const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
      return Math.exp(logits[c] - most) / sum(logits.length, (k) => Math.exp(logits[k] - most));
    };
    return [build(x.shape, softmaxAt)];
  },
  terms: (_node, [x]) => x?.[1] ?? 1,
  slicing: () => PIXELWISE,
  gradient: null,
};
