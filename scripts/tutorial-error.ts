/** How far off algorithms are on random numbers, for docs/algorithms. Scalar kernels, one thread. */
import type { AlgorithmName } from '../src/algorithms/algorithm.ts';
import { algorithmNamed } from '../src/algorithms/list.ts';
import { textTable } from '../src/dispatch/explain.ts';
import { EPSILON } from '../src/dispatch/select.ts';
import { Context, convolutionOutput } from '../src/index.ts';
import { makeTensor } from '../src/tensor/ndarray.ts';
import { errorBound } from '../src/testing/bounds.ts';
import { convolutionReference } from '../src/testing/naive.ts';
import { convolutionData, type Problem, shapeOf } from '../src/testing/problems.ts';

/** The output is 4 channels of 16 × 16. */
const PROBLEM: Problem = {
  inputShape: [1, 64, 16, 16],
  kernelShape: [4, 64, 3, 3],
  hasBias: false,
  padding: { top: 1, right: 1, bottom: 1, left: 1 },
  stride: { height: 1, width: 1 },
  dilation: { height: 1, width: 1 },
  groups: 1,
  activation: 'identity',
  seed: 1,
};

/**
 * A row for each algorithm: the constant c of its bound, c · ε, the greatest |y − ŷ| / (ε · (X ∗ |w|)), which c is for,
 * and the greatest |y − ŷ| beside the greatest |y|.
 */
export function errorTable(algorithms: readonly AlgorithmName[]): string {
  const context = new Context({ threads: 1, kernels: 'scalar' });
  const data = convolutionData(PROBLEM);
  const expected = convolutionReference(PROBLEM, data);
  const input = makeTensor(data.input, PROBLEM.inputShape);
  const kernel = makeTensor(data.kernel, PROBLEM.kernelShape);
  const greatest = Math.max(...expected.map(Math.abs));
  const rows = algorithms.map((algorithm) => {
    const bound = algorithmNamed(algorithm).errorBound(shapeOf(PROBLEM), 'forward', context);
    const { data: actual } = convolutionOutput({ input, kernel, padding: PROBLEM.padding, algorithm, context });
    const errors = expected.map((y, i) => Math.abs(y - actual[i]));
    const allowed = errorBound(PROBLEM, data, bound);
    const seen = bound.constant * Math.max(...errors.map((error, i) => error / allowed[i]));
    const relative = Math.max(...errors) / greatest;
    const scaled = (bound.constant * EPSILON).toExponential(1);
    return [algorithm, bound.constant.toFixed(), scaled, seen.toFixed(2), relative.toExponential(1)];
  });
  context.dispose();
  const table = textTable([['algorithm', 'c', 'c ε', 'seen', 'error / max |y|'], ...rows]);
  return `3×3 kernels, 64 channels, numbers uniform in [−1, 1)\n\n${table}`;
}
