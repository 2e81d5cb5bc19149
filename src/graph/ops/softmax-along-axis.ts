import { runSoftmax } from '../../layers/softmax.ts';
import { withoutWeights } from '../compiled.ts';
import { ALONG_AXIS_FIELDS, type AlongAxisAttributes, alongAxis, parseAlongAxis } from './along-axis.ts';
import type { Operation } from './operation.ts';
import { axisAmong } from './settings.ts';

/** e^x / Σ e^x along an axis; along that of the channels it becomes a softmax. */
export const softmaxAlongAxis: Operation<AlongAxisAttributes> = {
  ...alongAxis<AlongAxisAttributes>(ALONG_AXIS_FIELDS, parseAlongAxis, {
    lower: ({ context }, planes) => withoutWeights(([x], [y]) => runSoftmax(context, planes, x, y)),
    definition(line) {
      const most = line.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = line.map((v) => Math.exp(v - most));
      const total = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / total);
    },
  }),
  specialise(node, [x]) {
    const { axis, toEnd = false } = node.attributes;
    const shape = x?.shape ?? [];
    const isOverChannels = axisAmong(node, axis, shape.length) === 1 && (!toEnd || shape.length === 2);
    return isOverChannels ? { op: 'softmax', inputs: node.inputs, attributes: {} } : null;
  },
};
