import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { broadcastShape } from './broadcast.ts';
import { isNumber, stretched, TWO } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** x₀ to the power of x₁, stretched to one shape; of the type of x₀, whatever that of x₁. */
export const power: Operation<NoAttributes> = {
  ...stretched({ inputs: TWO, f: () => Math.pow }),
  infer(node, types) {
    const [base, exponent] = types;
    for (const dtype of [base?.dtype, exponent?.dtype]) {
      if (dtype === undefined || isNumber(dtype)) continue;
      const text = `an input is of type ${dtype}, expected a type of numbers`;
      throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
    }
    const shape = broadcastShape(node, [base?.shape ?? [], exponent?.shape ?? []]);
    return [{ dtype: base?.dtype ?? 'float32', shape }];
  },
};
