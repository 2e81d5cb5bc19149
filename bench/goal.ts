import type { SimdTableName } from '../src/kernels/simd/engine.ts';
import type { KernelTableName } from '../src/kernels/table.ts';
import type { Goal, Row } from './result.ts';

/** Whether a row's ratio meets its goal; undefined without a goal. A goal without a ratio, or with NaN, is not met. */
export function isMet({ ratio = Number.NaN, goal }: Row): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

/** Whether a table's kernels are emitted as WebAssembly. */
export function isEmitted(kernels: KernelTableName): kernels is SimdTableName {
  return kernels.startsWith('simd');
}

/** The least ratio to reach on typed arrays, and with emitted kernels. A row of a kind without a goal only informs. */
export interface GoalsByKind {
  readonly scalar?: number;
  readonly emitted?: number;
}

export function atLeast(kernels: KernelTableName, { scalar, emitted }: GoalsByKind): Goal | undefined {
  const least = isEmitted(kernels) ? emitted : kernels === 'scalar' ? scalar : undefined;
  return least === undefined ? undefined : { atLeast: least };
}
