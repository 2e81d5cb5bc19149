/** How Keras 3 and 2 write layers models: which weights are whose, calls of layers and models, and what these are given. */
import { describe, expect, it } from 'vitest';
import { snakeCase } from '../../src/tfjs/keras-model.ts';
import { rejection } from '../support/failure.ts';
import type { Weights } from './keras.ts';
import {
  column,
  type Entry,
  functional3,
  inputLayer,
  layer3,
  model3,
  numbers,
  operation,
  run3,
  sequential3,
  tensor,
  valuesOf,
} from './keras3.ts';
import { readModelGraph } from './models.ts';

const dense = (name: string, ...calls: (readonly unknown[])[]): Entry =>
  layer3('Dense', name, { units: 1, use_bias: false, activation: 'linear' }, ...calls);
const times = (factor: number) => numbers([1, 1], factor);
const x = inputLayer('x', 1);

describe('the weights of Keras 3', () => {
  it('belong to a class and a counter, whatever a layer is called', async () => {
    // the first one is called as the second is stored
    const chain = functional3(
      'swapped',
      [x, dense('dense_1', [tensor('x')]), dense('dense', [tensor('dense_1')])],
      ['x', 0, 0],
      ['dense', 0, 0],
    );
    const shifted = [
      ...[x, layer3('Dense', 'dense_1', { units: 1 }, [tensor('x')])],
      layer3('Dense', 'dense', { units: 1 }, [tensor('dense_1')]),
    ];
    const weights = { 'layers/dense/vars/0': times(2), 'layers/dense_1/vars/0': times(5) };
    expect(await valuesOf(model3(chain, weights), 1)).toEqual([10]);
    const biases = { 'layers/dense/vars/1': numbers([1], 3), 'layers/dense_1/vars/1': numbers([1], 100) };
    const model = functional3('swapped', shifted, ['x', 0, 0], ['dense', 0, 0]);
    // 5 · (2 · 1 + 3) + 100
    expect(await valuesOf(model3(model, { ...weights, ...biases }), 1)).toEqual([125]);
  });

  it('are in alphabetical order in the file: the tenth comes before the second', async () => {
    const layers = Array.from({ length: 12 }, (_, i) => layer3('Dense', `d${i}`, { units: 1 }));
    const entries = layers.flatMap((_, i): [string, Weights[string]][] => {
      const path = i === 0 ? 'layers/dense' : `layers/dense_${i}`;
      return [
        [`${path}/vars/0`, times(2)],
        [`${path}/vars/1`, numbers([1], i)],
      ];
    });
    const sorted = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(Object.keys(sorted)[2]).toBe('layers/dense_1/vars/0');
    expect(Object.keys(sorted)[4]).toBe('layers/dense_10/vars/0');
    // y ← 2 · y + i for i = 0 … 11
    const expected = layers.reduce((y, _, i) => 2 * y + i, 1);
    expect(await valuesOf(model3(sequential3('many', x, ...layers), sorted), 1)).toEqual([expected]);
  });

  it('lie in paths of models in models, which are counted by class too', async () => {
    const inner = (name: string, ...calls: (readonly unknown[])[]) => ({
      ...functional3(name, [inputLayer('i', 1), dense('c', [tensor('i')])], ['i', 0, 0], ['c', 0, 0]),
      inbound_nodes: calls.map((args) => ({ args, kwargs: { mask: null } })),
    });
    const model = functional3(
      'outer',
      [x, dense('c', [tensor('x')]), inner('one', [tensor('c')]), inner('two', [tensor('one')])],
      [['x', 0, 0]],
      [['two', 0, 0]],
    );
    const weights = {
      'layers/dense/vars/0': times(2),
      'layers/functional/layers/dense/vars/0': times(3),
      'layers/functional_1/layers/dense/vars/0': times(5),
    };
    expect(await valuesOf(model3(model, weights), 1)).toEqual([30]);
  });

  it('may stand beside those of an optimizer and a count', async () => {
    const model = sequential3('trained', x, layer3('Normalization', 'n', { axis: [-1] }), dense('d'));
    const weights = {
      'layers/dense/vars/0': times(2),
      'layers/normalization/vars/0': numbers([1], 1),
      'layers/normalization/vars/1': numbers([1], 4),
      'layers/normalization/vars/2': numbers([], 7),
      'optimizer/vars/0': numbers([1, 1], 99),
    };
    // 2 · (5 − 1) / √4
    expect(await valuesOf(model3(model, weights), 5)).toEqual([4]);
    // Keras 2 names them without the layer
    const alone = { 'd/kernel': times(2), mean: numbers([1], 1), variance: numbers([1], 4), count: numbers([], 7) };
    expect(await valuesOf(model3(model, alone, '2.15.0'), 5)).toEqual([4]);
  });

  it('have the model or a scope in front in an .h5 file', async () => {
    const model = sequential3('trained', x, dense('d'), dense('e'));
    expect(await valuesOf(model3(model, { 'trained/d/kernel': times(2), 'enc/e/kernel': times(7) }), 1)).toEqual([14]);
    const reading = valuesOf(
      model3(model, { 'a/d/kernel': times(2), 'b/c/d/kernel': times(2), 'e/kernel': times(7) }),
      1,
    );
    await expect(reading).rejects.toThrow(/weight 'd\/kernel' .*missing|may be/);
  });

  it('are named as Keras names classes', () => {
    const names = ['Conv2D', 'PReLU', 'BatchNormalization', 'DepthwiseConv2D', 'TimeDistributed', 'RMSNormalization'];
    expect(names.map(snakeCase)).toEqual([
      ...['conv2d', 'p_re_lu', 'batch_normalization', 'depthwise_conv2d', 'time_distributed', 'rms_normalization'],
    ]);
  });
});

describe('the calls of a layer', () => {
  const body = (calls: readonly unknown[], twice: readonly unknown[]) => ({
    ...functional3('body', [inputLayer('i', 1), dense('c', [tensor('i')])], ['i', 0, 0], ['c', 0, 0]),
    inbound_nodes: [
      { args: calls, kwargs: {} },
      { args: twice, kwargs: {} },
    ],
  });

  it('count from 0 in Keras 3, those of models too', async () => {
    const layers = [x, body([tensor('x')], [tensor('body', 0)]), dense('d', [tensor('body', 1)])];
    const weights = { 'layers/functional/layers/dense/vars/0': times(3), 'layers/dense/vars/0': times(2) };
    expect(await valuesOf(model3(functional3('m', layers, ['x', 0, 0], ['d', 0, 0]), weights), 1)).toEqual([18]);
  });

  it('count from 1 in Keras 2 where a model has an input of its own', async () => {
    const old = (entry: Entry, ...calls: unknown[]) => ({ ...entry, inbound_nodes: calls.map((call) => [call]) });
    const inner = functional3(
      'body',
      [inputLayer('i', 1), old(dense('c'), ['i', 0, 0, {}])],
      [['i', 0, 0]],
      [['c', 0, 0]],
    );
    const layers = [x, old(inner, ['x', 0, 0, {}], ['body', 1, 0, {}]), old(dense('d'), ['body', 2, 0, {}])];
    const weights = { 'c/kernel': times(3), 'd/kernel': times(2) };
    const model = functional3('m', layers, [['x', 0, 0]], [['d', 0, 0]]);
    expect(await valuesOf(model3(model, weights, '2.15.0'), 1)).toEqual([18]);
  });

  it('share their weights, which the graph has once', async () => {
    const layers = [x, dense('d', [tensor('x')], [tensor('d', 0)], [tensor('d', 1)])];
    const model = model3(functional3('m', layers, ['x', 0, 0], ['d', 2, 0]), { 'layers/dense/vars/0': times(3) });
    const { graph } = await readModelGraph(model);
    expect(graph.parameters.size).toBe(1);
    expect(await valuesOf(model, 1)).toEqual([27]);
  });

  it('cannot be made to double at each depth', async () => {
    let inner: Entry = functional3(
      'm0',
      [inputLayer('i', 1), layer3('ReLU', 'r', {}, [tensor('i')])],
      ['i', 0, 0],
      ['r', 0, 0],
    );
    for (let depth = 1; depth < 40; depth++) {
      const called = { ...inner, inbound_nodes: [{ args: [tensor('i')] }, { args: [tensor(inner.name)] }] };
      inner = functional3(`m${depth}`, [inputLayer('i', 1), called], ['i', 0, 0], [inner.name, 1, 0]);
    }
    const error = await rejection(readModelGraph(model3(inner, {})));
    expect([error.code, error.message]).toEqual([
      'unsupported-layer',
      'model: its layers are called more than 10016 times',
    ]);
  });
});

describe('what a layer is called with', () => {
  it('is an operation or a layer of the same class name', async () => {
    const layers = [
      x,
      operation('Multiply', 'multiply', {}, tensor('x'), 3),
      layer3('Multiply', 'multiply_1', {}, [[tensor('x'), tensor('multiply')]]),
      operation('Subtract', 'subtract', {}, 1, tensor('multiply_1')),
      layer3('Add', 'add', {}, [{ class_name: '__tuple__', items: [tensor('subtract'), tensor('x')] }]),
    ];
    // 1 − 3x² + x
    expect(await valuesOf(model3(functional3('m', layers, ['x', 0, 0], ['add', 0, 0]), {}), 2)).toEqual([-9]);
  });

  const lambda = (name: string, fn: string, connection: unknown): Entry => {
    const config = { name, dtype: 'float32', function: fn };
    return { class_name: 'TFOpLambda', config, name, inbound_nodes: [connection] };
  };

  it('has names in Keras 2: numbers, values, and numbers on the left', async () => {
    const layers = [
      x,
      lambda('mul', 'math.multiply', ['x', 0, 0, { y: 3, name: null }]),
      lambda('sub', 'math.subtract', ['_CONSTANT_VALUE', -1, 1, { y: ['mul', 0, 0], name: null }]),
      lambda('add', '__operators__.add', ['sub', 0, 0, { y: ['x', 0, 0] }]),
    ];
    const model = functional3('m', layers, [['x', 0, 0]], [['add', 0, 0]]);
    // 1 − 3x + x
    expect(await valuesOf(model3(model, {}, '2.15.0'), 2)).toEqual([-3]);
  });

  it.each(['constructor', 0.5, -1, Symbol('x')])(
    'is an output of a layer by its number, and not %s',
    async (output) => {
      const layers = [x, lambda('y', 'math.maximum', ['x', 0, 0, { y: ['x', 0, output] }])];
      const model = model3(functional3('m', layers, [['x', 0, 0]], [['y', 0, 0]]), {}, '2.15.0');
      const { code, message } = await rejection(readModelGraph(model));
      expect([code, message]).toEqual([
        'invalid-model',
        expect.stringMatching(
          /^layer 'y' \(TFOpLambda\): inbound_nodes expected connections \[name, 0, 0\], got \['x', 0, /,
        ),
      ]);
    },
  );

  it('may be slices', async () => {
    const slice = (start: unknown, stop: unknown, step: unknown) => ({
      class_name: '__slice__',
      config: { start, stop, step },
    });
    const key = [slice(null, null, null), slice(null, null, -2), { class_name: '__ellipsis__', config: {} }, 1];
    const layers = [inputLayer('x', 3, 2), operation('GetItem', 'y', {}, tensor('x'), key)];
    const model = model3(functional3('m', layers, ['x', 0, 0], ['y', 0, 0]), {});
    const { y } = await run3(model, { x: { shape: [1, 3, 2], data: [1, 2, 3, 4, 5, 6] } });
    expect([y.shape, [...y.data]]).toEqual([
      [1, 2],
      [6, 2],
    ]);
  });

  it('gives the inputs and outputs of a model their names', async () => {
    const layers = [
      x,
      inputLayer('z', 1),
      dense('d', [tensor('x')]),
      layer3('Add', 's', {}, [[tensor('d'), tensor('z')]]),
    ];
    const inputs = { first: ['x', 0, 0], second: ['z', 0, 0] };
    const model = model3(functional3('m', layers, inputs, { sum: ['s', 0, 0], product: ['d', 0, 0] }), {
      'layers/dense/vars/0': times(3),
    });
    const { sum, product } = await run3(model, { first: column(2), second: column(1) });
    expect([sum.data[0], product.data[0]]).toEqual([7, 6]);
  });
});
