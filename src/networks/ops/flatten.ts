import type { FlattenNode } from '../network.ts';
import { elementsOf } from './inputs.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { WHOLE_PICTURE } from './slicing.ts';
import { compileView } from './view.ts';

export const flatten: Operation<FlattenNode> = {
  inputs: ONE_INPUT,
  fields: {},
  parse: () => ({}),
  infer: (_node, [input]) => [elementsOf(input)],
  compile: (_node, [input], _options, context) => compileView(input, context),
  reference: (_node, [x]) => ({ shape: [x.shape[0], x.data.length / x.shape[0]], data: x.data }),
  slicing: () => WHOLE_PICTURE,
  isView: true,
  gradient: null,
};
