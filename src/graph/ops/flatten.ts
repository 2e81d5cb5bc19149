import { present } from './double.ts';
import { expectChannelAxis, onOneType, productOf } from './inputs.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { lowerView } from './view.ts';

/** [N, C, H, W] → [N, C·H·W], the same elements in the same order. */
export const flatten: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer: onOneType((node, [x]) => {
    const [batch, ...rest] = expectChannelAxis(node, x);
    return [[batch, productOf(rest)]];
  }),
  lower: lowerView,
  reference(_node, [input]) {
    const { shape, data } = present(input);
    return [{ shape: [shape[0], data.length / shape[0]], data }];
  },
  slicing: () => WHOLE_PICTURE,
  isView: true,
  gradient: null,
};
