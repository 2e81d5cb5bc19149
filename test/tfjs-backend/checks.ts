/**
 * What TensorFlow.js's own tests of operations do not look at: that memory stays flat, that tensors come and go, that results
 * do not depend on how tensors lie, and where we differ from its backend for JavaScript.
 */
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { createContext, defaultContext } from '../../src/context/context.ts';
import { NnpackBackend } from '../../src/tfjs-backend/backend.ts';
import { nnpackStatistics } from '../../src/tfjs-backend/index.ts';

/** A check by what it says. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Numbers that look drawn, the same each time. */
function drawn(shape: [number, number, number, number], seed: number): tf.Tensor4D {
  let state = seed;
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return tf.tensor4d(values, shape);
}

/** What is computed on both backends; the tensors are made on each anew. */
async function onBoth(compute: () => tf.Tensor): Promise<readonly [ours: Float32Array, theirs: Float32Array]> {
  const on = async (backend: string): Promise<Float32Array> => {
    await tf.setBackend(backend);
    return tf.tidy(() => compute().dataSync<'float32'>().slice());
  };
  const theirs = await on('cpu');
  return [await on('nnpack'), theirs];
}

/** Sums of some hundred products of numbers up to 1, in another order and by Winograd's algorithm. */
function expectClose(ours: Float32Array, theirs: Float32Array): void {
  assert.equal(ours.length, theirs.length);
  for (const [i, y] of ours.entries())
    assert.ok(Math.abs(y - theirs[i]) < 1e-3, `[${i}] is ${y}, expected ${theirs[i]}`);
}

/** A network in small: each kind of layer, twice. */
function network(): (x: tf.Tensor4D) => tf.Tensor {
  const filters = [drawn([3, 3, 3, 8], 1), drawn([3, 3, 8, 1], 2), drawn([1, 1, 8, 8], 3), drawn([5, 5, 8, 4], 4)];
  const bias = tf.tensor1d([1, -1, 0.5, 2, 0, 0, -2, 1]);
  const weights = tf.tensor2d(
    Float32Array.from({ length: 40 }, (_, i) => (i % 7) - 3),
    [4, 10],
  );
  return (x) => {
    const first = tf.fused.conv2d({ x, filter: filters[0], strides: 1, pad: 'same', bias, activation: 'relu6' });
    const second = tf.fused.depthwiseConv2d({
      x: first,
      filter: filters[1],
      strides: 1,
      pad: 'same',
      activation: 'relu',
    });
    const third = tf.add(tf.conv2d(second, filters[2], 1, 'same'), first) as tf.Tensor4D;
    const joined = tf.slice(tf.concat([third, second], 3), [0, 0, 0, 4], [-1, -1, -1, 8]);
    const pooled = tf.avgPool(tf.maxPool(joined, 3, 2, 'same'), 2, 1, 'valid');
    const large = tf.image.resizeBilinear(pooled, [9, 11]);
    const last = tf.conv2d(tf.leakyRelu(large), filters[3], 2, 'valid');
    return tf.softmax(tf.matMul(tf.sigmoid(tf.mean(last, [1, 2])), weights));
  };
}

export const CHECKS: Checks = {
  'a network gives what TensorFlow.js gives': async () => {
    expectClose(...(await onBoth(() => network()(drawn([2, 13, 12, 3], 5)))));
  },

  'gradients of a network are those of TensorFlow.js': async () => {
    const gradients = () => {
      const filter = drawn([3, 3, 2, 4], 6);
      const loss = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => {
        const y = tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same');
        return tf.sum(
          tf.maxPool(tf.relu(tf.conv2dTranspose(y, drawn([4, 4, 3, 4], 7), [2, 11, 9, 3], 2, 'same')), 2, 1, 'valid'),
        );
      };
      const [dx, dw] = tf.grads(loss)([drawn([2, 11, 9, 2], 8), filter]);
      return tf.concat([tf.reshape(dx, [-1]), tf.reshape(dw, [-1])]);
    };
    const [ours, theirs] = await onBoth(gradients);
    assert.ok(theirs.some((value) => value !== 0));
    for (const [i, y] of ours.entries())
      assert.ok(Math.abs(y - theirs[i]) < 1e-2, `[${i}] is ${y}, expected ${theirs[i]}`);
  },

  'pictures N C H W give what pictures N H W C give': async () => {
    await tf.setBackend('nnpack');
    tf.tidy(() => {
      const [x, filter] = [drawn([2, 7, 6, 3], 9), drawn([3, 3, 3, 5], 10)];
      const last = tf.conv2d(x, filter, 1, 'same', 'NHWC');
      const first = tf.conv2d(tf.transpose(x, [0, 3, 1, 2]), filter, 1, 'same', 'NCHW');
      expectClose(tf.transpose(first, [0, 2, 3, 1]).dataSync<'float32'>(), last.dataSync<'float32'>());
    });
  },

  'a picture that was given another shape is read in TensorFlow.js’s order': async () => {
    const compute = () => {
      const y = tf.conv2d(drawn([1, 6, 4, 3], 11), drawn([3, 3, 3, 4], 12), 1, 'same');
      const other = tf.reshape(y, [2, 3, 2, 8]) as tf.Tensor4D;
      return tf.add(tf.relu(tf.maxPool(other, 2, 1, 'same')), tf.reshape(y, [2, 3, 2, 8]));
    };
    expectClose(...(await onBoth(compute)));
  },

  'memory stays flat over thousands of calls': async () => {
    await tf.setBackend('nnpack');
    const [x, run] = [drawn([1, 13, 12, 3], 13), network()];
    const once = () => tf.tidy(() => run(x).dataSync());
    for (let i = 0; i < 3; i++) once();
    const before = [tf.memory().numTensors, tf.engine().backend.numDataIds(), defaultContext().describe().usedBytes];
    for (let i = 0; i < 300; i++) once();
    const after = [tf.memory().numTensors, tf.engine().backend.numDataIds(), defaultContext().describe().usedBytes];
    assert.deepEqual(after, before);
  },

  'filters that are made anew each time leave nothing behind': async () => {
    await tf.setBackend('nnpack');
    const x = drawn([1, 9, 9, 4], 14);
    const step = (i: number) => tf.tidy(() => tf.conv2d(x, drawn([3, 3, 4, 4], i), 1, 'same').dataSync());
    step(0);
    const before = defaultContext().describe().usedBytes;
    for (let i = 1; i < 1000; i++) step(i);
    assert.equal(defaultContext().describe().usedBytes, before);
  },

  'what a short memory does not hold moves out of it': async () => {
    const context = await createContext({ threads: 1, memoryLimit: 2 ** 20 });
    tf.copyRegisteredKernels('nnpack', 'small');
    tf.registerBackend('small', () => new NnpackBackend(context));
    const compute = () => {
      const filter = drawn([3, 3, 4, 4], 24);
      const all = Array.from({ length: 20 }, (_, i) => tf.conv2d(drawn([1, 48, 48, 4], i), filter, 1, 'same'));
      return tf.concat(all, 0);
    };
    await tf.setBackend('small');
    const ours = tf.tidy(() => compute().dataSync<'float32'>().slice());
    const [, theirs] = await onBoth(compute);
    expectClose(ours, theirs);
    tf.removeBackend('small');
    assert.equal(context.describe().usedBytes, 0);
    context.dispose();
  },

  'a tensor moves to another backend and back': async () => {
    await tf.setBackend('nnpack');
    const x = drawn([1, 5, 5, 2], 15);
    const y = tf.conv2d(x, drawn([3, 3, 2, 3], 16), 1, 'same');
    await tf.setBackend('cpu');
    const moved = tf.relu(y);
    await tf.setBackend('nnpack');
    const back = tf.relu(moved);
    assert.deepEqual(back.dataSync(), moved.dataSync());
    tf.dispose([x, y, moved, back]);
  },

  'a backend that is removed gives its memory back': async () => {
    await tf.setBackend('nnpack');
    const y = tf.conv2d(drawn([1, 5, 5, 2], 17), drawn([3, 3, 2, 3], 18), 1, 'same');
    assert.ok(defaultContext().describe().usedBytes > 0);
    await tf.setBackend('cpu');
    tf.dispose(y);
    const backend = tf.findBackend('nnpack');
    backend.dispose();
    assert.equal(defaultContext().describe().usedBytes, 0);
    assert.equal(tf.findBackend('nnpack'), backend);
  },

  'statistics name algorithms and rules': async () => {
    await tf.setBackend('nnpack');
    tf.tidy(() => {
      tf.conv2d(drawn([1, 32, 32, 16], 19), drawn([3, 3, 16, 16], 20), 1, 'same');
      tf.add(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([3, 4], 'int32'));
      tf.tanh(tf.tensor1d([1, 2]));
    });
    const { Conv2D, Add, Tanh } = nnpackStatistics();
    assert.ok(Object.keys(Conv2D.accelerated).some((algorithm) => algorithm.startsWith('wt')));
    assert.ok(Add.others['a tensor of int32: our kernels compute in float32'] > 0);
    assert.ok(Tanh.others['no kernel of ours'] > 0);
  },

  'differs: an average’s gradient is divided as the average is, where TensorFlow.js divides by the whole window':
    async () => {
      const gradient = () =>
        tf.grad((x) => tf.sum(tf.avgPool(x as tf.Tensor4D, [1, 3], 1, 'same')))(tf.ones([1, 1, 3, 1]));
      const [ours, theirs] = await onBoth(gradient);
      expectClose(ours, Float32Array.of(5 / 6, 4 / 3, 5 / 6));
      assert.throws(() => expectClose(theirs, ours));
    },

  'differs: the gradient of half-pixel resizes goes where the samples were': async () => {
    const gradient = () =>
      tf.grad((x) => tf.sum(tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [1, 1], false, true)))(
        tf.ones([1, 1, 3, 1]),
      );
    const [ours, theirs] = await onBoth(gradient);
    expectClose(ours, Float32Array.of(0, 1, 0));
    assert.throws(() => expectClose(theirs, ours));
  },

  'differs: bilinear gradients are for pictures of any shape': async () => {
    await tf.setBackend('nnpack');
    const gradient = tf.grad((x) => tf.sum(tf.image.resizeBilinear(x as tf.Tensor4D, [1, 2])))(tf.ones([1, 1, 4, 1]));
    expectClose(gradient.dataSync<'float32'>(), Float32Array.of(1, 0, 1, 0));
  },

  'differs: a fused leaky ReLU has the slope of tf.leakyRelu where none is told': async () => {
    const compute = () => {
      const [x, filter] = [tf.tensor4d([-1, 1], [1, 1, 2, 1]), tf.ones([1, 1, 1, 1]) as tf.Tensor4D];
      return tf.fused.conv2d({ x, filter, strides: 1, pad: 0, activation: 'leakyrelu' });
    };
    const [ours, theirs] = await onBoth(compute);
    expectClose(ours, Float32Array.of(-0.2, 1));
    assert.ok(Number.isNaN(theirs[0]));
  },

  'differs: depthwise convolutions may be N C H W': async () => {
    await tf.setBackend('nnpack');
    tf.tidy(() => {
      const [x, filter] = [drawn([1, 5, 4, 3], 22), drawn([3, 3, 3, 2], 23)];
      const last = tf.depthwiseConv2d(x, filter, 1, 'same');
      const first = tf.depthwiseConv2d(tf.transpose(x, [0, 3, 1, 2]), filter, 1, 'same', 'NCHW');
      expectClose(tf.transpose(first, [0, 2, 3, 1]).dataSync<'float32'>(), last.dataSync<'float32'>());
    });
  },
};
