import type { DropoutNode } from '../network.ts';
import { ONE_INPUT, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';
import { compileView } from './view.ts';

export const dropout: Operation<DropoutNode> = {
  inputs: ONE_INPUT,
  fields: {},
  parse: () => ({}),
  infer: (_node, [input]) => input,
  compile: (_node, [input], _options, context) => compileView(input, context),
  reference: (_node, [x]) => x,
  slicing: () => PIXELWISE,
  isView: true,
  isIdentity: () => true,
  gradient: null,
};
