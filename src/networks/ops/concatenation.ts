import { checkConcatenation, runConcatenation } from '../../layers/concatenation.ts';
import { withoutWeights } from '../compiled.ts';
import { type ConcatenationNode, type PartialShape, whoIs } from '../network.ts';
import { at, build } from './double.ts';
import { expectOneShape } from './inputs.ts';
import type { Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

export const concatenation: Operation<ConcatenationNode> = {
  inputs: { least: 1, most: Infinity },
  fields: {},
  parse: () => ({}),
  infer(node, inputs) {
    const channels = inputs.map((shape) => shape[0]);
    const planes = inputs.map((shape): PartialShape => shape.slice(1));
    const rest = expectOneShape(node, 'the inputs behind their channels', planes);
    return [channels.includes(null) ? null : channels.reduce((sum: number, c) => sum + c!, 0), ...rest];
  },
  compile(node, inputs, _options, context) {
    const tensors = inputs.map((shape) => ({ shape }));
    const problem = checkConcatenation(whoIs(node), tensors, undefined);
    return withoutWeights((xs, y) => runConcatenation(context, problem, xs, y));
  },
  reference(_node, inputs) {
    const [batch, , ...plane] = inputs[0].shape;
    const channels = inputs.map((x) => x.shape[1]);
    return build([batch, channels.reduce((a, b) => a + b), ...plane], ([n, c, ...p]) => {
      let from = 0;
      let channel = c;
      while (channel >= channels[from]) channel -= channels[from++];
      return at(inputs[from], [n, channel, ...p]);
    });
  },
  slicing: () => PIXELWISE,
  isIdentity: (node) => node.inputs.length === 1,
  gradient: null,
};
