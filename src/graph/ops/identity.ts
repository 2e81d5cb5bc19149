import { present } from './double.ts';
import { onOneType } from './inputs.ts';
import { type NoAttributes, ONE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';
import { lowerView } from './view.ts';

/** The value under another name. */
export const identity: Operation<NoAttributes> = {
  inputs: ONE,
  fields: {},
  check: () => ({}),
  infer: onOneType((_node, [x]) => [x ?? []]),
  lower: lowerView,
  reference: (_node, [x]) => [present(x)],
  slicing: () => PIXELWISE,
  isView: true,
  isElementwise: true,
  isIdentity: () => true,
  gradient: null,
};
