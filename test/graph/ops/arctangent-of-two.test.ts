import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Graph, runGraph } from '../../../src/graph/index.ts';

const graph: Graph = {
  name: 'one',
  inputs: new Map([
    ['y', { dtype: 'float32', shape: ['N'] }],
    ['x', { dtype: 'float32', shape: ['N'] }],
  ]),
  parameters: new Map(),
  nodes: [{ name: 'n', op: 'arctangent-of-two', inputs: ['y', 'x'], outputs: ['angle'], attributes: {} }],
  outputs: ['angle'],
};

function angleOf(y: number, x: number): number {
  const one = (value: number) => ({ data: Float32Array.of(value), shape: [1] });
  return Number(runGraph(graph, { y: one(y), x: one(x) }).angle.data[0]);
}

it('is the angle whose sine and cosine go as y and x', () => {
  const number = fc.integer({ min: -1000, max: 1000 });
  const property = fc.property(number, number, (y, x) => {
    fc.pre(x !== 0 || y !== 0);
    const angle = angleOf(y, x);
    const length = Math.hypot(x, y);
    expect(Math.abs(length * Math.sin(angle) - y)).toBeLessThanOrEqual(2 ** -22 * length);
    expect(Math.abs(length * Math.cos(angle) - x)).toBeLessThanOrEqual(2 ** -22 * length);
  });
  fc.assert(property, { numRuns: 50 });
});

it('tells the two sides of the negative axis apart', () => {
  expect([angleOf(0, -1), angleOf(-0, -1), angleOf(0, 0)]).toEqual([Math.fround(Math.PI), Math.fround(-Math.PI), 0]);
  expect(angleOf(Number.NaN, 1)).toBeNaN();
});
