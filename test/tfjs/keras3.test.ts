import { describe, expect, it } from 'vitest';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { snakeCase } from '../../src/tfjs/keras-model.ts';
import { rejection } from '../support/failure.ts';
import type { Weights } from './keras.ts';
import {
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
} from './keras3.ts';
import { type Model, readModelGraph } from './models.ts';

const dense = (name: string, ...calls: (readonly unknown[])[]): Entry =>
  layer3('Dense', name, { units: 1, use_bias: false, activation: 'linear' }, ...calls);
const times = (factor: number) => numbers([1, 1], factor);
const one = (...data: number[]) => ({ shape: [data.length, 1], data });

async function valuesOf(model: Model, ...x: number[]): Promise<number[]> {
  const [y] = Object.values(await run3(model, { x: one(...x) }));
  return Array.from(y.data, Number);
}

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
    const { sum, product } = await run3(model, { first: one(2), second: one(1) });
    expect([sum.data[0], product.data[0]]).toEqual([7, 6]);
  });
});

describe('where Keras and other tools differ', () => {
  const values = async (
    entry: Entry,
    shape: readonly number[],
    data: readonly number[],
    weights: Weights = {},
    version?: string,
  ) => {
    const model = model3(sequential3('m', inputLayer('x', ...shape.slice(1)), entry), weights, version);
    const [y] = Object.values(await run3(model, { x: { shape, data } }));
    return Array.from(y.data, Number).map((v) => Math.round(v * 1e5) / 1e5);
  };
  const ones = (...shape: number[]) => numbers(shape, 1);

  it('hard_sigmoid is clip(0.2x + 0.5) in Keras 2 and relu6(x + 3) / 6 in Keras 3', async () => {
    const entry = layer3('Activation', 'a', { activation: 'hard_sigmoid' });
    expect(await values(entry, [1, 2], [1, -2.75], {}, '2.15.0')).toEqual([0.7, 0]);
    expect(await values(entry, [1, 2], [1, -2.75])).toEqual([0.66667, 0.04167]);
  });

  it('BatchNormalization normalises its axis', async () => {
    const entry = layer3('BatchNormalization', 'b', { axis: 1, epsilon: 0, scale: false, center: false });
    const weights = {
      'layers/batch_normalization/vars/0': numbers([2], 1, 2),
      'layers/batch_normalization/vars/1': numbers([2], 1, 4),
    };
    expect(await values(entry, [1, 2, 2], [1, 2, 3, 4], weights)).toEqual([0, 1, 0.5, 1]);
  });

  it('DepthwiseConv2D dilates', async () => {
    const config = { kernel_size: [2, 1], dilation_rate: [2, 1], use_bias: false, padding: 'valid' };
    const weights = { 'layers/depthwise_conv2d/vars/0': numbers([2, 1, 1, 1], 1, 10) };
    expect(await values(layer3('DepthwiseConv2D', 'd', config), [1, 4, 1, 1], [1, 2, 3, 4], weights)).toEqual([31, 42]);
  });

  it('Conv1D is causal where it says so, and channels_first moves the channels', async () => {
    const config = { filters: 1, kernel_size: [2], dilation_rate: [2], padding: 'causal', use_bias: false };
    const weights = { 'layers/conv1d/vars/0': numbers([2, 1, 1], 10, 1) };
    expect(await values(layer3('Conv1D', 'c', config), [1, 4, 1], [1, 2, 3, 4], weights)).toEqual([1, 2, 13, 24]);
    const first = { filters: 1, kernel_size: [1], data_format: 'channels_first', use_bias: false };
    const channels = { 'layers/conv1d/vars/0': numbers([1, 2, 1], 1, 10) };
    expect(await values(layer3('Conv1D', 'c', first), [1, 2, 2], [1, 2, 3, 4], channels)).toEqual([31, 42]);
  });

  it('Conv2DTranspose fills what output_padding and dilation add', async () => {
    const of = (config: object, ...kernel: number[]) =>
      values(layer3('Conv2DTranspose', 't', { filters: 1, use_bias: false, ...config }), [1, 1, 3, 1], [1, 2, 3], {
        'layers/conv2d_transpose/vars/0': numbers([1, kernel.length, 1, 1], ...kernel),
      });
    // 1 10 100, stride 2: x · kernel at 0, 2 and 4
    const size = { kernel_size: [1, 3], strides: [1, 2] };
    expect(await of(size, 1, 10, 100)).toEqual([1, 10, 102, 20, 203, 30, 300]);
    expect(await of({ ...size, output_padding: [0, 1] }, 1, 10, 100)).toEqual([1, 10, 102, 20, 203, 30, 300, 0]);
    expect(await of({ ...size, padding: 'same' }, 1, 10, 100)).toEqual([1, 10, 102, 20, 203, 30]);
    expect(await of({ ...size, padding: 'same', output_padding: [0, 0] }, 1, 10, 100)).toEqual([10, 102, 20, 203, 30]);
    expect(await of({ kernel_size: [1, 2], dilation_rate: [1, 2] }, 1, 10)).toEqual([1, 2, 13, 20, 30]);
    // where the kernel is smaller than the stride, nothing reaches the rest
    expect(await of({ kernel_size: [1, 1], strides: [1, 2] }, 1)).toEqual([1, 0, 2, 0, 3, 0]);
  });

  it('ReLU has a slope, a threshold and a greatest value', async () => {
    const config = { negative_slope: 0.5, threshold: 1, max_value: 3 };
    // 0.5 · (x − 1) below 1, x up to 3
    expect(await values(layer3('ReLU', 'r', config), [1, 4], [-1, 1, 2, 4])).toEqual([-1, 0, 2, 3]);
  });

  it('LeakyReLU’s slope is negative_slope or alpha, and leaky_relu’s is 0.2', async () => {
    expect(await values(layer3('LeakyReLU', 'l', { negative_slope: 0.5 }), [1, 1], [-2])).toEqual([-1]);
    expect(await values(layer3('LeakyReLU', 'l', { alpha: 0.25 }), [1, 1], [-2], {}, '2.15.0')).toEqual([-0.5]);
    expect(await values(layer3('LeakyReLU', 'l', {}), [1, 1], [-2])).toEqual([-0.6]);
    expect(await values(layer3('Activation', 'l', { activation: 'leaky_relu' }), [1, 1], [-2])).toEqual([-0.4]);
  });

  it('Softmax goes along its axis, or over several at once', async () => {
    const log = [1, 2, 3, 2].map(Math.log);
    expect(await values(layer3('Softmax', 's', { axis: 1 }), [1, 2, 2], log)).toEqual([0.25, 0.5, 0.75, 0.5]);
    expect(await values(layer3('Softmax', 's', { axis: [1, 2] }), [1, 2, 2], log)).toEqual([0.125, 0.25, 0.375, 0.25]);
  });

  it('ELU has its alpha', async () => {
    expect(await values(layer3('ELU', 'e', { alpha: 2 }), [1, 2], [-Math.log(2), 3])).toEqual([-1, 3]);
  });

  it('bilinear samples lie at half pixels', async () => {
    const entry = layer3('UpSampling2D', 'u', { size: [1, 2], interpolation: 'bilinear' });
    expect(await values(entry, [1, 1, 2, 1], [0, 4])).toEqual([0, 1, 3, 4]);
  });

  it('bicubic samples have a = −½, and what is outside has no weight', async () => {
    const entry = layer3('UpSampling2D', 'u', { size: [1, 2], interpolation: 'bicubic' });
    // at −¼ the first two elements weigh 1.5t³ − 2.5t² + 1 at ¼ and −½ (t³ − 5t² + 8t − 4) at 1¼, brought to a sum of 1
    const [first] = await values(entry, [1, 1, 3, 1], [1, 0, 0]);
    expect(first).toBeCloseTo(0.8671875 / (0.8671875 - 0.0703125), 4);
  });

  it('Resizing takes the middle out, or fills up on both sides', async () => {
    const of = (config: object) =>
      values(
        layer3('Resizing', 'r', { height: 2, width: 2, interpolation: 'nearest', ...config }),
        [1, 2, 5, 1],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      );
    expect(await of({})).toEqual([1, 3, 6, 8]);
    expect(await of({ crop_to_aspect_ratio: true })).toEqual([1, 2, 6, 7]);
    // one row is put on each side, though 3 are missing: of 9, 0, 5, 9 the second and the last
    expect(await of({ pad_to_aspect_ratio: true, fill_value: 9 })).toEqual([1, 3, 9, 9]);
  });

  it('Resizing makes whole numbers of whole ones in Keras 3', async () => {
    const image = { ...inputLayer('x', 1, 2, 1), config: { batch_shape: [null, 1, 2, 1], dtype: 'uint8', name: 'x' } };
    const entry = layer3('Resizing', 'r', { height: 1, width: 4, interpolation: 'bilinear' });
    const { graph } = await readModelGraph(model3(sequential3('m', image, entry), {}));
    expect(graph.inputs.get('x')).toEqual({ dtype: 'uint8', shape: ['N', 1, 2, 1] });
    expect(simplifyGraph(graph).nodes.some(({ op }) => op === 'rounding')).toBe(true);
  });

  it('CenterCrop leaves the smaller half of an odd rest before it', async () => {
    expect(await values(layer3('CenterCrop', 'c', { height: 1, width: 2 }), [1, 1, 5, 1], [0, 1, 2, 3, 4])).toEqual([
      1, 2,
    ]);
  });

  it('global poolings keep their axes where they say so', async () => {
    const entry = layer3('GlobalMaxPooling2D', 'g', { keepdims: true });
    const model = model3(sequential3('m', inputLayer('x', 1, 2, 1), entry), {});
    const { g } = await run3(model, { x: { shape: [1, 1, 2, 1], data: [1, 2] } });
    expect([g.shape, g.data[0]]).toEqual([[1, 1, 1, 1], 2]);
  });

  it('Concatenate counts from the end, and Add puts new axes behind the batch', async () => {
    const joined = [x, inputLayer('z', 1), layer3('Concatenate', 'y', { axis: -1 }, [[tensor('x'), tensor('z')]])];
    const ends = [
      ['x', 0, 0],
      ['z', 0, 0],
    ];
    const both = await run3(model3(functional3('m', joined, ends, ['y', 0, 0]), {}), { x: one(1, 2), z: one(3, 4) });
    expect([...both.y.data]).toEqual([1, 3, 2, 4]);
    const added = [inputLayer('x', 2, 2), inputLayer('z', 2), layer3('Add', 'y', {}, [[tensor('x'), tensor('z')]])];
    const model = model3(functional3('m', added, ends, ['y', 0, 0]), {});
    const { y } = await run3(model, {
      x: { shape: [1, 2, 2], data: [1, 2, 3, 4] },
      z: { shape: [1, 2], data: [10, 20] },
    });
    expect([...y.data]).toEqual([11, 22, 13, 24]);
  });

  it('AveragePooling divides by the elements that there are', async () => {
    const entry = layer3('AveragePooling1D', 'a', { pool_size: [3], strides: [2], padding: 'same' });
    expect(await values(entry, [1, 6, 1], [1, 2, 3, 4, 5, 6])).toEqual([2, 4, 5.5]);
  });

  it('mixed_float16 computes in half precision, and weights stay as they are', async () => {
    const half = { class_name: 'DTypePolicy', config: { name: 'mixed_float16' } };
    const entry = layer3('Dense', 'd', { units: 1, use_bias: false, dtype: half });
    const model = model3(sequential3('m', x, entry), { 'layers/dense/vars/0': times(1 + 2 ** -12) });
    const { graph } = await readModelGraph(model);
    expect([...graph.parameters.values()].map(({ type, data }) => [type.dtype, data[0]])).toEqual([['float16', 1]]);
    expect(await valuesOf(model, 1 + 2 ** -12)).toEqual([1]);
  });

  it('groups, unit, group, layer and RMS normalisation', async () => {
    const grouped = { filters: 2, kernel_size: [1, 1], groups: 2, use_bias: false };
    const weights = { 'layers/conv2d/vars/0': numbers([1, 1, 1, 2], 1, 10) };
    expect(await values(layer3('Conv2D', 'c', grouped), [1, 1, 1, 2], [3, 4], weights)).toEqual([3, 40]);
    expect(await values(layer3('UnitNormalization', 'u', { axis: -1 }), [1, 2], [3, 4])).toEqual([0.6, 0.8]);
    expect(
      await values(layer3('RMSNormalization', 'r', { epsilon: 0 }), [1, 2], [1, 7], {
        'layers/rms_normalization/vars/0': ones(2),
      }),
    ).toEqual([0.2, 1.4]);
    const none = { scale: false, center: false, epsilon: 0 };
    // at a mean of 10,000 too: ±1
    expect(await values(layer3('LayerNormalization', 'l', none), [1, 2], [9999, 10001])).toEqual([-1, 1]);
    expect(await values(layer3('GroupNormalization', 'g', { ...none, groups: -1 }), [1, 2, 1], [9999, 10001])).toEqual([
      -1, 1,
    ]);
  });
});

describe('a graph of a layers model', () => {
  const conv = (name: string, config: object, ...calls: (readonly unknown[])[]) =>
    layer3('Conv2D', name, { filters: 2, kernel_size: [3, 3], padding: 'same', use_bias: false, ...config }, ...calls);
  const layers = [
    inputLayer('x', 6, 6, 2),
    conv('a', { activation: 'relu' }, [tensor('x')]),
    layer3('BatchNormalization', 'n', { axis: -1 }, [tensor('a')]),
    layer3('MaxPooling2D', 'p', { pool_size: [2, 2], strides: [2, 2] }, [tensor('n')]),
    conv('b', {}, [tensor('p')]),
    layer3('Add', 's', {}, [[tensor('b'), tensor('p')]]),
    layer3('Flatten', 'f', {}, [tensor('s')]),
    layer3('Dense', 'd', { units: 3, activation: 'softmax' }, [tensor('f')]),
  ];
  const root = functional3('m', layers, ['x', 0, 0], ['d', 0, 0]);
  const kernels = { a: numbers([3, 3, 2, 2], 1, 0.5, -2, 0.25), b: numbers([3, 3, 2, 2], 0.5, 3, -1) };
  const rest = { gamma: numbers([2], 2, 3), beta: numbers([2], 1), mean: numbers([2], 0.5), variance: numbers([2], 2) };
  const head = { kernel: numbers([18, 3], 0.1, -0.2, 0.05, 0.3), bias: numbers([3], 1, 2) };
  const weights3 = {
    'layers/conv2d/vars/0': kernels.a,
    'layers/conv2d_1/vars/0': kernels.b,
    'layers/batch_normalization/vars/0': rest.gamma,
    'layers/batch_normalization/vars/1': rest.beta,
    'layers/batch_normalization/vars/2': rest.mean,
    'layers/batch_normalization/vars/3': rest.variance,
    'layers/dense/vars/0': head.kernel,
    'layers/dense/vars/1': head.bias,
  };
  const picture = { shape: [2, 6, 6, 2], data: Array.from({ length: 144 }, (_, i) => ((i * 37) % 29) / 7 - 2) };

  it('has one transpose, at its input', async () => {
    const { graph, metadata } = await readModelGraph(model3(root, weights3));
    expect(graph.inputs.get('x')).toEqual({ dtype: 'float32', shape: ['N', 6, 6, 2] });
    expect(graph.outputs).toEqual(['d']);
    expect(metadata.get('keras_version')).toBe('3.15.1');
    expect(simplifyGraph(graph).nodes.map(({ op }) => op)).toEqual([
      ...['transpose', 'convolution', 'scale-shift', 'max-pooling', 'convolution', 'addition', 'flatten'],
      ...['fully-connected', 'softmax'],
    ]);
  });

  it('gives the same bits from Keras 2', async () => {
    const old = layers.map((entry): Entry => {
      const [call] = entry.inbound_nodes as { args: unknown[] }[];
      const reads = (call?.args.flat() ?? []) as { config: { keras_history: [string, number, number] } }[];
      const inbound = call === undefined ? [] : [reads.map(({ config }) => [...config.keras_history, {}])];
      return { ...entry, config: { ...(entry.config as object), dtype: 'float32' }, inbound_nodes: inbound };
    });
    const weights2 = {
      'a/kernel': kernels.a,
      'b/kernel': kernels.b,
      'n/gamma': rest.gamma,
      'n/beta': rest.beta,
      'n/moving_mean': rest.mean,
      'n/moving_variance': rest.variance,
      'd/kernel': head.kernel,
      'd/bias': head.bias,
    };
    const second = model3(functional3('m', old, [['x', 0, 0]], [['d', 0, 0]]), weights2, '2.15.0');
    const [a, b] = [await run3(model3(root, weights3), { x: picture }), await run3(second, { x: picture })];
    expect([...a.d.data]).toEqual([...b.d.data]);
  });

  it('is not made for sizes that a file tells and nothing holds', async () => {
    const huge = inputLayer('x', 2 ** 30);
    const entries = [
      layer3('GroupNormalization', 'y', { groups: -1, scale: false, center: false }),
      layer3('Activation', 'y', { activation: 'sparsemax' }),
      layer3('AdaptiveAveragePooling2D', 'y', { output_size: [1e8, 1e8] }),
    ];
    const inputs = [huge, huge, inputLayer('x', 1e9, 1e9, 1)];
    for (const [i, entry] of entries.entries()) {
      const error = await rejection(readModelGraph(model3(sequential3('m', inputs[i], entry), {})));
      expect(error.code).toBe('unsupported-layer');
    }
    const split = operation('Split', 'y', { indices_or_sections: 2 ** 30, axis: 1 }, tensor('x'));
    const error = await rejection(
      readModelGraph(model3(functional3('m', [huge, split], ['x', 0, 0], ['y', 0, 0]), {})),
    );
    expect(error.code).toBe('unsupported-layer');
  });

  it('has what a layer for each step makes', async () => {
    const inner = layer3('Dense', 'c', { units: 1, use_bias: false });
    const entry = layer3('TimeDistributed', 't', { layer: { class_name: 'Dense', config: inner.config } });
    const model = model3(sequential3('m', inputLayer('x', 2, 2), entry), {
      'layers/time_distributed/layer/vars/0': numbers([2, 1], 1, 10),
    });
    const { t } = await run3(model, { x: { shape: [1, 2, 2], data: [1, 2, 3, 4] } });
    expect([t.shape, [...t.data]]).toEqual([
      [1, 2, 1],
      [21, 43],
    ]);
  });
});
