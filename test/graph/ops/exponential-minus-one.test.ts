import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Graph, runGraph } from '../../../src/graph/index.ts';

const graph: Graph = {
  name: 'one',
  inputs: new Map([['x', { dtype: 'float32', shape: ['N'] }]]),
  parameters: new Map(),
  nodes: [{ name: 'n', op: 'exponential-minus-one', inputs: ['x'], outputs: ['y'], attributes: {} }],
  outputs: ['y'],
};

it('is the sum x + x²/2 + x³/6 + … of small x, rounded once or twice', () => {
  const property = fc.property(fc.float({ min: -0.25, max: 0.25, noNaN: true }), (x) => {
    let [term, sum] = [x, x];
    for (let n = 2; n < 20; n++) {
      term *= x / n;
      sum += term;
    }
    const [y] = runGraph(graph, { x: { data: Float32Array.of(x), shape: [1] } }).y.data;
    expect(Math.abs(Number(y) - sum)).toBeLessThanOrEqual(2 ** -23 * Math.abs(sum) + 2 ** -150);
  });
  fc.assert(property);
});

it('ends at −1, and beyond all numbers', () => {
  const x = { data: Float32Array.of(-Infinity, -100, 0, 89, Infinity, Number.NaN), shape: [6] };
  expect([...(runGraph(graph, { x }).y.data as Float32Array)]).toEqual([-1, -1, 0, Infinity, Infinity, Number.NaN]);
});
