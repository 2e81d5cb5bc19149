import { checkConcatenation, runConcatenation } from '../../layers/concatenation.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import type { Size } from '../values.ts';
import { at, build, present } from './double.ts';
import { expectChannelAxis, expectOneShape, onOneType } from './inputs.ts';
import { type NoAttributes, ONE_OR_MORE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** Along the channels. */
export const concatenation: Operation<NoAttributes> = {
  inputs: ONE_OR_MORE,
  fields: {},
  check: () => ({}),
  infer: onOneType((node, inputs) => {
    const shapes = inputs.map((shape) => expectChannelAxis(node, shape));
    const planes = shapes.map(([batch, , ...pixels]): readonly Size[] => [batch, ...pixels]);
    const [batch, ...pixels] = expectOneShape(node, 'the inputs behind their channels', planes);
    return [[batch, sumOf(shapes.map((shape) => shape[1])), ...pixels]];
  }),
  lower({ node, inputs, context }) {
    const tensors = inputs.map((shape) => ({ shape: shape ?? [] }));
    const problem = checkConcatenation(whoIs(node), tensors, 1);
    return withoutWeights((xs, [y]) => runConcatenation(context, problem, xs, y));
  },
  reference(_node, given) {
    const inputs = given.map(present);
    const [batch, , ...plane] = inputs[0].shape;
    const channels = inputs.map((x) => x.shape[1]);
    const copied = ([n, c, ...p]: readonly number[]) => {
      let from = 0;
      let channel = c;
      while (channel >= channels[from]) channel -= channels[from++];
      return at(inputs[from], [n, channel, ...p]);
    };
    return [build([batch, channels.reduce((a, b) => a + b), ...plane], copied)];
  },
  slicing: () => PIXELWISE,
  isIdentity: ({ inputs }) => inputs.length === 1,
  gradient: null,
};

/** The sum of sizes; null where one of them is not known. */
function sumOf(sizes: readonly Size[]): Size | null {
  if (sizes.length === 1) return sizes[0];
  return sizes.reduce((sum: number | null, size) => (sum === null || typeof size !== 'number' ? null : sum + size), 0);
}
