/**
 * A network of convolutions by TensorFlow.js, node by node as its converter leaves one: bias and activation are fused into the
 * convolution. A run begins with a picture N H W C in the backend's own layout, and ends with `dataSync()`.
 */
import { axesOf, sidesOf } from '../../src/graph/attributes.ts';
import type { Network, NetworkNode } from '../../src/networks/network.ts';
import type { PeerNetwork } from './engine.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

type Values = Map<string, Tensor>;

/** What computes a node from the values before it. */
type Step = (values: Values) => Tensor;

export function networkOf(tf: TensorFlow, use: () => Promise<void>, network: Network): PeerNetwork {
  const weights: Tensor[] = [];
  const kept = (make: () => Tensor): Tensor => {
    const tensor = tf.tidy(make);
    weights.push(tensor);
    return tensor;
  };
  const steps = network.nodes.map((node) => [node.name, stepOf(tf, node, kept)] as const);
  return {
    images(input, output, data, shape) {
      const x = kept(() => tf.transpose(tf.tensor4d(data, shape), [0, 2, 3, 1]));
      let last = new Float32Array();
      const run = (): Tensor => {
        const values: Values = new Map([[input, x]]);
        for (const [name, step] of steps) values.set(name, step(values));
        return values.get(output) as Tensor;
      };
      return {
        async time() {
          await use();
          const start = performance.now();
          const y = tf.tidy(run);
          last = y.dataSync() as Float32Array<ArrayBuffer>;
          const milliseconds = performance.now() - start;
          y.dispose();
          return milliseconds;
        },
        result: () => last,
        dispose: () => {},
      };
    },
    dispose() {
      for (const weight of weights) weight.dispose();
    },
  };
}

function stepOf(tf: TensorFlow, node: NetworkNode, kept: (make: () => Tensor) => Tensor): Step {
  const read = (values: Values, i = 0) => values.get(node.inputs[i]) as Tensor;
  switch (node.op) {
    case 'convolution': {
      const { kernel, groups = 1, padding = 0, stride = 1 } = node;
      const [K, , R, S] = kernel.shape;
      const isDepthwise = groups > 1;
      const filter = kept(() => {
        const turned = tf.transpose(tf.tensor4d(kernel.data, kernel.shape), [2, 3, 1, 0]); // K C/g R S → R S C/g K
        return isDepthwise ? tf.reshape(turned, [R, S, groups, K / groups]) : turned;
      });
      const bias = kept(() => tf.tensor1d(node.bias as Float32Array));
      const convolve = isDepthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      const pad = padding === 'same' ? padding : padsOf(padding);
      const activation = node.activation === undefined ? undefined : node.activation === 'relu' ? 'relu' : 'relu6';
      return (values) => convolve({ x: read(values), filter, strides: axesOf(stride), pad, bias, activation });
    }
    case 'addition':
      return (values) => {
        const sum = tf.add(read(values), read(values, 1));
        return node.activation === 'relu' ? tf.relu(sum) : sum;
      };
    case 'concatenation':
      return (values) => {
        const parts = node.inputs.map((_, i) => read(values, i));
        return tf.concat(parts, 3);
      };
    case 'resize':
      return (values) => {
        const [, height, width] = read(values).shape;
        const [down, across] = axesOf(node.scale);
        return tf.image.resizeNearestNeighbor(read(values), [height * down, width * across]);
      };
    case 'max-pooling':
      return (values) => tf.maxPool(read(values), 3, 2, padsOf(1));
    case 'global-average-pooling':
      return (values) => tf.mean(read(values), [1, 2]);
    case 'fully-connected': {
      const [K, C] = node.kernel.shape;
      const kernel = kept(() => tf.transpose(tf.reshape(tf.tensor1d(node.kernel.data), [K, C]), [1, 0]));
      const bias = kept(() => tf.tensor1d(node.bias as Float32Array));
      return (values) => tf.add(tf.matMul(read(values), kernel), bias);
    }
    default:
      throw new Error(`TensorFlow.js is given no ${node.op}`);
  }
}

function padsOf(padding: Parameters<typeof sidesOf>[0]): [number, number][] {
  const { top, right, bottom, left } = sidesOf(padding);
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}
