/** What makes sense as a graph, and cannot be run or evaluated as it is given. */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { evaluateGraph, simplifyGraph } from '../../src/graph/index.ts';
import { failure } from '../support/failure.ts';
import { graphWith, node, parameter, withNodes } from './bad-graphs.ts';

describe('planGraph', () => {
  it('holds a variance that constants give to what one must be', () => {
    const minus = { ...parameter([2], 1), data: Float32Array.of(-1, -1) };
    const nodes = [
      node('v', 'addition', ['m', 'm']),
      node('y', 'batch-normalisation', ['x', 'm', 'm', 'm', 'v'], { epsilon: 0.5 }),
    ];
    const graph = graphWith({ parameters: new Map([['m', minus]]), nodes, outputs: ['y'] });
    expect(failure(() => simplifyGraph(graph))).toMatchObject({
      code: 'invalid-argument',
      message: "node 'y' (batch-normalisation): variance + epsilon of channel 0 is -1.5, expected more than 0",
    });
  });
});

describe('evaluateGraph', () => {
  it('refuses inputs that are none of the graph', () => {
    const graph = graphWith();
    const x = { shape: [1, 2, 3, 3], data: new Float64Array(18) };
    const refusals: readonly (readonly [unknown, ErrorCode, RegExp])[] = [
      [undefined, 'invalid-tensor', /^graph 'g': inputs are undefined, expected an object/],
      [null, 'invalid-tensor', /^graph 'g': inputs are null, expected an object/],
      [{}, 'invalid-tensor', /^graph 'g': input 'x' is missing/],
      [{ x, y: x }, 'invalid-tensor', /^graph 'g': inputs have 'y', which is no input/],
      [{ x: 3 }, 'invalid-tensor', /^graph 'g': input 'x' is 3, expected an object$/],
      [
        { x: { ...x, data: new Float64Array(17) } },
        'invalid-tensor',
        /^graph 'g': input 'x': has 17 numbers, expected 18/,
      ],
      [
        { x: { ...x, data: [...x.data] } },
        'invalid-tensor-type',
        /^graph 'g': input 'x' has data .*, expected a Float64Array/,
      ],
      [{ x: { ...x, shape: 18 } }, 'invalid-input-size', /^graph 'g': input 'x': shape is 18, expected an array/],
      [
        { x: { shape: [1, 3, 3, 2], data: x.data } },
        'invalid-input-size',
        /^graph 'g': input 'x' expected \[N, 2, H, W\]/,
      ],
    ];
    for (const [inputs, code, text] of refusals) {
      const error = failure(() => evaluateGraph(graph, inputs as never));
      expect(error.message).toMatch(text);
      expect(error.code).toBe(code);
    }
    const small = withNodes(node('y', 'convolution', ['x', 'w'], {}));
    const tiny = { shape: [1, 2, 2, 3], data: new Float64Array(12) };
    expect(failure(() => evaluateGraph(small, { x: tiny })).code).toBe('invalid-kernel-size');
  });

  it('gives of −∞ what a run gives', () => {
    const inputs = new Map([['x', { dtype: 'float32', shape: [2] }]]);
    const graph = graphWith({ inputs, nodes: [node('y', 'relu', ['x'])], outputs: ['y'] });
    const values = evaluateGraph(graph, { x: { shape: [2], data: Float64Array.of(-Infinity, Infinity) } });
    expect([...(values.get('y')?.data ?? [])].map((v) => v + 0)).toEqual([0, Infinity]);
  });
});
