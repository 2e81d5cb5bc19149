/** Nodes that make no sense, of any operator. */
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { CONVERTERS } from '../../src/onnx/operators/table.ts';
import { failure } from '../support/failure.ts';
import { type Given, type Numbers, node, read } from './one-node.ts';

const x: Numbers = { shape: [2, 2], numbers: [1, 2, 3, 4] };
const q: Numbers = { ...x, dtype: 'int8' };
const half: Numbers = { shape: [], numbers: [0.5] };

function refusal(work: () => unknown): [string, string] {
  const { code, message } = failure(work);
  return [code, message];
}

describe('a node of any operator', () => {
  /** In models of halves types are inferred before the graph is whole, and of constants numbers are made. */
  const MODELS: readonly Given[] = [
    { inputs: { x } },
    { inputs: { x: { ...x, dtype: 'float16' } } },
    { inputs: { i: x }, constants: { x } },
    { inputs: { i: x }, constants: { x: q } },
  ];
  const LISTS = [[], ['x'], ['', 'x'], ['x', ''], ['x', '', 'x'], ['x', 'x', '', 'x'], new Array(9).fill('x')];

  it.each([...CONVERTERS.keys()])('reads any inputs or refuses them: %s', (operator) => {
    for (const given of MODELS) {
      for (const inputs of LISTS) {
        for (const outputs of [['y'], ['', 'y'], ['y', 'z', 'w']]) {
          try {
            read([node(operator, inputs, outputs)], { ...given, outputs: ['y'] });
          } catch (error) {
            expect(error, `${inputs}`).toBeInstanceOf(NnpackError);
            expect((error as NnpackError).message).toMatch(/^(?:model|node ')/);
          }
        }
      }
    }
  });
});

describe('a node that', () => {
  it.each<[string, readonly string[]]>([
    ['has no scale', ['q']],
    ['leaves out its scale', ['q', '', 'q']],
  ])('makes constants real numbers and %s is refused', (_, inputs) => {
    const work = () => read([node('DequantizeLinear', inputs, ['y'])], { constants: { q } });
    expect(refusal(work)).toEqual(['invalid-model', expect.stringContaining("model: node 'y' (dequantisation): ")]);
  });

  it('makes a constant of a name that another has is refused', () => {
    const constants = { q, s: half };
    const named = (name: string) => node('DequantizeLinear', ['q', 's'], [name]);
    const twice = ['invalid-model', "model: two values are named 'y'"];
    expect(refusal(() => read([named('y'), named('y')], { constants }))).toEqual(twice);
    expect(refusal(() => read([named('s')], { constants }))).toEqual([twice[0], "model: two values are named 's'"]);
    const constant = node('Constant', [], ['y'], { value_int: 1 });
    expect(refusal(() => read([constant, constant]))).toEqual(twice);
    expect(refusal(() => read([constant], { constants: { y: x } }))).toEqual(twice);
  });
});
