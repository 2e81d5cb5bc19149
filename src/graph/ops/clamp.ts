import { checkActivation } from '../../layers/activation.ts';
import type { Activation } from '../attributes.ts';
import { lowerActivation } from './activation.ts';
import { mapped, present } from './double.ts';
import { onFloats } from './inputs.ts';
import { ONE, type Operation } from './operation.ts';
import { PIXELWISE } from './slicing.ts';

/** min(max(x, min), max), each element by itself. */
export interface ClampAttributes {
  readonly min: number;
  readonly max: number;
}

export const clamp: Operation<ClampAttributes> = {
  inputs: ONE,
  fields: { min: true, max: true },
  check(who, { min, max }) {
    checkActivation(who, { type: 'clamp', min, max });
    return { min: min as number, max: max as number };
  },
  infer: onFloats((_node, [x]) => [x ?? []]),
  lower: (call) => lowerActivation(call, asActivation(call.node.attributes)),
  reference: ({ attributes: { min, max } }, [x]) => [mapped(present(x), (v) => Math.min(Math.max(v, min), max))],
  slicing: () => PIXELWISE,
  inPlace: 1,
  isElementwise: true,
  isIdentity: ({ attributes: { min, max } }) => min === -Infinity && max === Infinity,
  asActivation,
  gradient: null,
};

function asActivation({ min, max }: ClampAttributes): Activation {
  return { type: 'clamp', min, max };
}
