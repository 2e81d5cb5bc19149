import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Graph, runGraph } from '../../../src/graph/index.ts';

const graph: Graph = {
  name: 'one',
  inputs: new Map([['x', { dtype: 'float32', shape: ['N'] }]]),
  parameters: new Map(),
  nodes: [{ name: 'n', op: 'logarithm-of-one-more', inputs: ['x'], outputs: ['y'], attributes: {} }],
  outputs: ['y'],
};

it('is the sum x − x²/2 + x³/3 − … of small x, rounded once or twice', () => {
  const property = fc.property(fc.float({ min: -0.25, max: 0.25, noNaN: true }), (x) => {
    let [power, sum] = [x, x];
    for (let n = 2; n < 60; n++) {
      power *= -x;
      sum += power / n;
    }
    const [y] = runGraph(graph, { x: { data: Float32Array.of(x), shape: [1] } }).y.data;
    expect(Math.abs(Number(y) - sum)).toBeLessThanOrEqual(2 ** -23 * Math.abs(sum) + 2 ** -150);
  });
  fc.assert(property);
});

it('begins at −∞, before which there is nothing', () => {
  const x = { data: Float32Array.of(-Infinity, -2, -1, 0, Infinity, Number.NaN), shape: [6] };
  const expected = [Number.NaN, Number.NaN, -Infinity, 0, Infinity, Number.NaN];
  expect([...(runGraph(graph, { x }).y.data as Float32Array)]).toEqual(expected);
});
