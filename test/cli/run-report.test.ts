/** What `run` prints of a run. */
import { describe, expect, it } from 'vitest';
import { formatReport, greatestValues, type Report, valuesText } from '../../src/cli/run/report.ts';
import { makeTensor } from '../../src/tensor/ndarray.ts';

const report = (milliseconds: number, byDefault: number | null, threads: number): Report => ({
  machine: { node: 'v20.1.0', threads, kernels: 'simd', reasons: ['why there are no more'] },
  ...{ parts: 1, networkBytes: 2_000_000, layers: [], milliseconds, gflops: 1.5, defaultMilliseconds: byDefault },
  ratio: byDefault === null ? null : byDefault / milliseconds,
});

describe('formatReport', () => {
  it.each([
    [0.0423, '0.0423 ms'],
    [4.2, '4.20 ms'],
    [999, '999 ms'],
    [1000, '1.00 s'],
    [12_345, '12.35 s'],
  ])('tells %f ms as %s', (milliseconds, text) => {
    const lines = formatReport('a → b', report(milliseconds, 2 * milliseconds, 2), null).split('\n');
    expect(lines.slice(0, 3)).toEqual(['a → b', 'Node v20.1.0, 2 threads, simd kernels', 'why there are no more']);
    expect(lines.find((line) => line.startsWith('total'))).toContain(`total ${text}, 1.5 effective GFLOP/s, at once`);
    expect(lines.at(-1)).toMatch(/^default implementation .* (ms|s): 2\.00 ×$/);
  });

  it('leaves out what was not run, and counts one thread', () => {
    const text = formatReport('a → b', report(5, null, 1), [{ place: 2, value: 0.5, label: 'cat' }]);
    expect(text).toContain('Node v20.1.0, 1 thread, simd kernels');
    expect(text).not.toContain('default implementation');
    expect(text).toMatch(/\ngreatest values: 0\.5000 at 2 \(cat\)$/);
  });
});

describe('greatestValues', () => {
  it('are those of the first image, the greatest first, with what they mean', () => {
    const values = greatestValues(makeTensor(Float32Array.of(1, 3, 2, 9, 9, 9), [2, 3]), 2, ['a', 'b', 'c']);
    expect(valuesText(values)).toBe('3.000 at 1 (b), 2.000 at 2 (c)');
  });
});
