import { checkActivation } from '../../layers/activation.ts';
import type { Activation } from '../attributes.ts';
import { lowerActivation } from './activation.ts';
import { mapped, present } from './double.ts';
import { isWholeNumber } from './elementwise.ts';
import { onFloats, onOneType } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** max(x, 0); with a slope, x where it is positive and negativeSlope · x elsewhere. */
export interface ReluAttributes {
  readonly negativeSlope?: number;
}

export const relu: Operation<ReluAttributes> = {
  inputs: ONE,
  fields: { negativeSlope: true },
  check(who, { negativeSlope }) {
    if (negativeSlope !== undefined) checkActivation(who, { type: 'leaky', slope: negativeSlope });
    return { negativeSlope: negativeSlope as number | undefined };
  },
  // Without a slope whole numbers stay whole.
  infer: (node, inputs) => {
    const isWhole = isWholeNumber(inputs[0]?.dtype ?? 'float32') && (node.attributes.negativeSlope ?? 0) === 0;
    return (isWhole ? onOneType : onFloats)((_node, [x]) => [x ?? []])(node, inputs);
  },
  lower: (call) => lowerActivation(call, asActivation(call.node.attributes)),
  reference: ({ attributes: { negativeSlope = 0 } }, [x]) => [
    // Without a slope it is a maximum, of −∞ too.
    mapped(present(x), (v) => (negativeSlope === 0 ? Math.max(v, 0) : v < 0 ? v * negativeSlope : v)),
  ],
  slicing: () => PIXELWISE,
  inPlace: 1,
  isElementwise: true,
  isIdentity: ({ attributes }) => attributes.negativeSlope === 1,
  asActivation,
  gradient: null,
};

function asActivation({ negativeSlope: slope = 0 }: ReluAttributes): Activation {
  return slope === 0 ? 'relu' : { type: 'leaky', slope };
}
