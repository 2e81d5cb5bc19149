import { NnpackError, show } from '../../errors.ts';
import { expectCount } from '../../tensor/convolution-shape.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import { withoutWeights } from '../compiled.ts';
import { whoIs } from '../node.ts';
import { parseList } from '../parse-values.ts';
import { at, build, present } from './double.ts';
import { expectChannelAxis, mayEqual, onOneType } from './inputs.ts';
import { ONE, ONE_OR_MORE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** The channels in groups of these sizes, each an output of its own: what a concatenation undoes. */
export interface SplitAttributes {
  readonly sizes: readonly number[];
}

export const split: Operation<SplitAttributes> = {
  inputs: ONE,
  outputs: ONE_OR_MORE,
  fields: { sizes: true },
  check(who, given) {
    const sizes = parseList(who, 'sizes', given.sizes, 'invalid-argument').map((size) => {
      expectCount(who, 'a size', size, 'invalid-channels');
      return size;
    });
    return { sizes: Object.freeze(sizes) };
  },
  infer: onOneType((node, [x]) => {
    const [batch, channels, ...pixels] = expectChannelAxis(node, x);
    const { sizes } = node.attributes;
    if (sizes.length !== node.outputs.length) {
      const text = `${sizes.length} sizes are given, expected ${node.outputs.length} (its outputs)`;
      throw new NnpackError('invalid-argument', `${whoIs(node)}: ${text}`);
    }
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (!mayEqual(channels, total)) {
      const text = `input has ${channels} channels, expected ${total} (the sum of the sizes ${show([...sizes])})`;
      throw new NnpackError('invalid-channels', `${whoIs(node)}: ${text}`);
    }
    return sizes.map((size) => [batch, size, ...pixels]);
  }),
  lower({ inputs, outputs, context }) {
    const [batch, ...image] = inputs[0] ?? [];
    const pitch = sizeOf(image);
    const runs = outputs.map(([, ...part]) => sizeOf(part));
    return withoutWeights(([x], ys) => {
      let from = x;
      runs.forEach((run, i) => {
        context.kernels.copyRows(batch, run, from, pitch, 1, ys[i], run);
        from += run;
      });
    });
  },
  reference({ attributes: { sizes } }, [input]) {
    const x = present(input);
    const [batch, , ...plane] = x.shape;
    let from = 0;
    return sizes.map((size) => {
      const first = from;
      from += size;
      return build([batch, size, ...plane], ([n, c, ...p]) => at(x, [n, first + c, ...p]));
    });
  },
  slicing: () => PIXELWISE,
  isIdentity: ({ outputs }) => outputs.length === 1,
  gradient: null,
};
