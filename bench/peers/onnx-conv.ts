/** An ONNX model of one convolution, y = Conv(x, w, b), with w and b in it. */
import type { LayerProblem } from '../layers.ts';
import { model, node, tensor, valueInfo } from './onnx-model.ts';

/** Names of the model's input and output. */
export const INPUT = 'x';
export const OUTPUT = 'y';

export function convolutionModel({ layer, inputShape, kernelShape, outputShape, kernel, bias }: LayerProblem) {
  const { stride, padding, dilation, groups } = layer;
  return model({
    name: 'convolution',
    nodes: [
      node('Conv', [INPUT, 'w', 'b'], OUTPUT, {
        kernel_shape: [kernelShape[2], kernelShape[3]],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding], // top, left, bottom, right
        dilations: [dilation, dilation],
        group: groups,
      }),
    ],
    weights: [tensor('w', kernelShape, kernel), tensor('b', [bias.length], bias)],
    inputs: [valueInfo(INPUT, inputShape)],
    outputs: [valueInfo(OUTPUT, outputShape)],
  });
}
