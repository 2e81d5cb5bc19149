/** Operations on values: those of Keras 3 by their class, and the functions of TensorFlow that Keras 2 calls. */
import type { Convert, Layer, LayerReader } from '../layer.ts';
import { ELEMENTWISE_CLASSES, ELEMENTWISE_FUNCTIONS } from './elementwise.ts';
import { MOVEMENT_CLASSES, MOVEMENT_FUNCTIONS } from './movement.ts';
import { OperatorCall, type Signature } from './operator-call.ts';

export const OPERATIONS: ReadonlyMap<string, Signature> = new Map(
  Object.entries({ ...ELEMENTWISE_CLASSES, ...MOVEMENT_CLASSES }),
);

export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map(
  Object.entries({ ...ELEMENTWISE_FUNCTIONS, ...MOVEMENT_FUNCTIONS }),
);

/** An operation of Keras 3. */
export function readOperation(signature: Signature): Convert {
  const { parameters, operator } = signature;
  return (call) => operator(new OperatorCall(call, parameters));
}

/** A layer that calls a function of TensorFlow. */
export const functionLayer: LayerReader = ({ config }: Layer) => {
  const name = config.string('function');
  const signature = FUNCTIONS.get(name);
  return signature === undefined ? config.unsupported('function', 'another one') : readOperation(signature);
};
