/**
 * A network as an ONNX file: ONNX Runtime gets what we run, node by node, with the same weights. The batch is left
 * open, so that one file serves all.
 *
 *   ours                             ONNX
 *   convolution                      Conv
 *   fully-connected                  Gemm, after a Flatten of what is not flat
 *   max-pooling, average-pooling     MaxPool, AveragePool
 *   global-average-pooling           GlobalAveragePool, Flatten
 *   batch-normalisation              BatchNormalization
 *   local-response-normalisation     LRN
 *   relu, softmax                    Relu, Softmax over the channels
 *   concatenation, flatten           Concat along the channels, Flatten
 *   dropout                          Identity
 *
 * The rest of our operations, and what other frameworks' conventions add to these, are refused: no built-in network has
 * them.
 */
import { NnpackError } from '../../src/errors.ts';
import { axesOf, sidesOf } from '../../src/graph/attributes.ts';
import { whoIs } from '../../src/graph/node.ts';
import type {
  ConvolutionNode,
  FullyConnectedNode,
  Network,
  NetworkNode,
  PoolingNode,
} from '../../src/networks/network.ts';
import { inferShapes, type Shape } from '../../src/networks/shapes.ts';
import type { Padding } from '../../src/tensor/convolution-shape.ts';
import { type Attribute, type Message, model, node, tensor, valueInfo } from './onnx-model.ts';

const BATCH = 'batch';

/** @throws NnpackError for a node that has no form here */
export function networkModel(network: Network): Uint8Array {
  const { values } = inferShapes(network, undefined, 1);
  const shapeOf = (name: string): Shape => values.get(name) as Shape;
  const weights: Message[] = [];
  /** Adds a weight, and returns the tensor's name. */
  const weight = (name: string, shape: readonly number[], data: Float32Array): string => {
    weights.push(tensor(name, shape, data));
    return name;
  };
  const info = (name: string): Message => valueInfo(name, [BATCH, ...shapeOf(name)]);
  return model({
    name: network.name,
    nodes: network.nodes.flatMap((each) => nodesOf(each, shapeOf(each.inputs[0]), weight)),
    weights,
    inputs: network.inputs.map(({ name }) => info(name)),
    outputs: network.outputs.map(info),
  });
}

type Weight = (name: string, shape: readonly number[], data: Float32Array) => string;

/** The ONNX nodes of one node; the last of them makes the node's value. */
function nodesOf(each: NetworkNode, inputShape: Shape, weight: Weight): Message[] {
  const { name, inputs } = each;
  switch (each.op) {
    case 'convolution':
      return [convolution(each, weight)];
    case 'fully-connected':
      return fullyConnected(each, inputShape, weight);
    case 'max-pooling':
      return [node('MaxPool', inputs, name, windowOf(each))];
    case 'average-pooling':
      return [
        node('AveragePool', inputs, name, { ...windowOf(each), count_include_pad: each.countPadding === true ? 1 : 0 }),
      ];
    case 'global-average-pooling':
      return [
        node('GlobalAveragePool', inputs, `${name}.planes`),
        node('Flatten', [`${name}.planes`], name, { axis: 1 }),
      ];
    case 'batch-normalisation': {
      const numbers = (['gamma', 'beta', 'mean', 'variance'] as const).map((key) =>
        weight(`${name}.${key}`, [each[key].length], each[key]),
      );
      return [node('BatchNormalization', [...inputs, ...numbers], name, { epsilon: { float: each.epsilon } })];
    }
    case 'local-response-normalisation': {
      const { size, alpha, beta, bias } = each;
      const attributes = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: bias } };
      return [node('LRN', inputs, name, attributes)];
    }
    case 'relu':
      if (each.negativeSlope !== undefined) throw noForm(each, 'its negative slope');
      return [node('Relu', inputs, name)];
    case 'softmax':
      return [node('Softmax', inputs, name, { axis: 1 })];
    case 'concatenation':
      return [node('Concat', inputs, name, { axis: 1 })];
    case 'flatten':
      return [node('Flatten', inputs, name, { axis: 1 })];
    case 'dropout':
      return [node('Identity', inputs, name)];
    default:
      throw noForm(each, 'it');
  }
}

function convolution(each: ConvolutionNode, weight: Weight): Message {
  const { name, inputs, kernel, bias, stride = 1, dilation = 1, groups = 1, padding = 0, activation } = each;
  if (activation !== undefined) throw noForm(each, 'its activation');
  if (padding === 'same') throw noForm(each, "padding 'same'");
  const operands = [...inputs, weight(`${name}.kernel`, kernel.shape, kernel.data)];
  if (bias !== undefined) operands.push(weight(`${name}.bias`, [bias.length], bias));
  return node('Conv', operands, name, {
    kernel_shape: kernel.shape.slice(2),
    strides: axesOf(stride),
    pads: padsOf(padding),
    dilations: axesOf(dilation),
    group: groups,
  });
}

/** y = x · kernelᵀ + bias */
function fullyConnected(each: FullyConnectedNode, inputShape: Shape, weight: Weight): Message[] {
  const { name, inputs, kernel, bias, activation } = each;
  if (activation !== undefined) throw noForm(each, 'its activation');
  const isFlat = inputShape.length === 1;
  const flat = isFlat ? inputs[0] : `${name}.flat`;
  const operands = [flat, weight(`${name}.kernel`, kernel.shape, kernel.data)];
  if (bias !== undefined) operands.push(weight(`${name}.bias`, [bias.length], bias));
  const product = node('Gemm', operands, name, { transB: 1 });
  return isFlat ? [product] : [node('Flatten', inputs, flat, { axis: 1 }), product];
}

function windowOf(each: PoolingNode): Record<string, Attribute> {
  const { poolingSize, stride = poolingSize, padding = 0, convention = 'valid' } = each;
  if (convention !== 'valid') throw noForm(each, `convention '${convention}'`);
  return { kernel_shape: axesOf(poolingSize), strides: axesOf(stride), pads: padsOf(padding) };
}

function padsOf(padding: Padding): number[] {
  const { top, left, bottom, right } = sidesOf(padding);
  return [top, left, bottom, right];
}

function noForm(each: NetworkNode, what: string): NnpackError {
  return new NnpackError('unsupported-layer', `${whoIs(each)}: ${what} is not written as ONNX here`);
}
