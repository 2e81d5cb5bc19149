/** Nodes that make no sense: of any operator, and of some that cost much more than the few bytes they are. */
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { CONVERTERS } from '../../src/onnx/operators/table.ts';
import { failure } from '../support/failure.ts';
import { type Given, type Numbers, node, read, run } from './one-node.ts';

const x: Numbers = { shape: [2, 2], numbers: [1, 2, 3, 4] };
const q: Numbers = { ...x, dtype: 'int8' };
const half: Numbers = { shape: [], numbers: [0.5] };
const real = (...numbers: number[]): Numbers => ({ shape: [numbers.length], numbers });

/** What operators must be told. */
const ATTRIBUTES: Readonly<Record<string, Parameters<typeof node>[3]>> = {
  ...{ MaxPool: { kernel_shape: [1, 1] }, AveragePool: { kernel_shape: [1, 1] }, LpPool: { kernel_shape: [1, 1] } },
  ...{ LRN: { size: 3 }, Concat: { axis: 1 }, GroupNormalization: { num_groups: 1 }, Cast: { to: 7 } },
  ...{ DepthToSpace: { blocksize: 1 }, SpaceToDepth: { blocksize: 1 }, Split: { num_outputs: 1 } },
};

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

describe('a run on no elements', () => {
  const EMPTY = [[0], [2, 0], [0, 2, 3, 3], [2, 0, 3, 3], [2, 2, 3, 0]];

  it.each([...CONVERTERS.keys()])('ends: %s', (operator) => {
    for (const shape of EMPTY) {
      for (const count of [1, 2, 3, 4, 5]) {
        const given = { inputs: { x: { shape, numbers: [] } } };
        try {
          run([node(operator, new Array(count).fill('x'), ['y'], ATTRIBUTES[operator])], given);
        } catch (error) {
          expect(error).toBeInstanceOf(NnpackError);
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

describe('Resize', () => {
  const region = { coordinate_transformation_mode: 'tf_crop_and_resize', mode: 'linear', antialias: 1 };
  it.each<[string, Parameters<typeof node>[3], Given['constants'], string]>([
    ['of no length', {}, { n: { ...real(2.5, 2), dtype: 'float32' } }, 'axis 0 of its output has 2.5 elements'],
    ['to a region that is none', region, { r: real(0, 0, Number.NaN, 1), s: real(1, 1) }, 'has NaN elements'],
    ['to a region turned round', region, { r: real(1, 0, 0, 1), s: real(1, 1) }, 'has -2 elements'],
  ])('%s is refused', (_, attributes, constants = {}, text) => {
    const inputs = ['r', 's', 'n'].map((name) => (name in constants ? name : ''));
    const work = () => read([node('Resize', ['x', ...inputs], ['y'], attributes)], { inputs: { x }, constants });
    expect(refusal(work)).toEqual(['invalid-model', expect.stringContaining(text)]);
  });

  it('of samples that each are made of more than there is is refused', () => {
    const constants = { r: real(0, 0, 1e12, 1), s: real(1e-12, 1) };
    const work = () => run([node('Resize', ['x', 'r', 's'], ['y'], region)], { inputs: { x }, constants });
    expect(refusal(work)).toEqual(['invalid-argument', expect.stringContaining('a sample is weighed over 1')]);
  });
});
