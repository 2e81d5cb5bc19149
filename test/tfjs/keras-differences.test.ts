/** What layers of Keras mean where its versions, or other tools, differ: the rows of docs/models.md by their names. */
import { describe, expect, it } from 'vitest';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import type { Weights } from './keras.ts';
import {
  column,
  type Entry,
  functional3,
  inputLayer,
  layer3,
  model3,
  numbers,
  run3,
  sequential3,
  tensor,
  valuesOf,
} from './keras3.ts';
import { readModelGraph } from './models.ts';

const x = inputLayer('x', 1);

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
    const both = await run3(model3(functional3('m', joined, ends, ['y', 0, 0]), {}), {
      x: column(1, 2),
      z: column(3, 4),
    });
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
    const model = model3(sequential3('m', x, entry), { 'layers/dense/vars/0': numbers([1, 1], 1 + 2 ** -12) });
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
