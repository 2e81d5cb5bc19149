import { NnpackError } from '../../errors.ts';
import { whoIs } from '../node.ts';
import { broadcastShape } from './broadcast.ts';
import { stretched } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** x₁ where x₀ is true and x₂ elsewhere, stretched to one shape. */
export const selection: Operation<NoAttributes> = {
  ...stretched({ inputs: { least: 3, most: 3 }, f: () => (condition, a, b) => (condition === 0 ? b : a) }),
  infer(node, types) {
    const [condition, a, b] = types;
    const dtypes = types.map((type) => type?.dtype);
    if (condition?.dtype !== 'bool' || a?.dtype !== b?.dtype) {
      const text = `inputs are of the types ${dtypes.join(', ')}, expected bool and twice one type`;
      throw new NnpackError('invalid-tensor-type', `${whoIs(node)}: ${text}`);
    }
    const shape = broadcastShape(
      node,
      types.map((type) => type?.shape ?? []),
    );
    return [{ dtype: a?.dtype ?? 'float32', shape }];
  },
};
