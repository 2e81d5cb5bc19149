import { converted } from './conversion.ts';
import { present } from './double.ts';
import { TWO } from './elementwise.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** x₀ in the type of x₁. */
export const conversionLike: Operation<NoAttributes> = {
  inputs: TWO,
  fields: {},
  check: () => ({}),
  infer: (_node, [x, like]) => [{ dtype: like?.dtype ?? 'float32', shape: x?.shape ?? [] }],
  reference: (_node, [x, like]) => [converted(present(x), present(like).dtype ?? 'float32')],
  slicing: () => 'it reads a value for its type alone',
  specialise({ inputs: [x] }, [, like]) {
    return { op: 'conversion', inputs: [x], attributes: { dtype: like?.dtype ?? 'float32' } };
  },
  gradient: null,
};
