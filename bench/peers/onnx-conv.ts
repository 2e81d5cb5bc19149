/** An ONNX model of one convolution, y = Conv(x, w, b), with w and b in it. */
import type { Parameter } from '../../src/graph/values.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import type { LayerProblem } from '../layers.ts';

/** Names of the model's input and output. */
export const INPUT = 'x';
export const OUTPUT = 'y';

export function convolutionModel({ layer, inputShape, kernelShape, kernel, bias }: LayerProblem): Uint8Array {
  const { stride, padding, dilation, groups } = layer;
  const weight = (shape: readonly number[], data: Float32Array): Parameter => {
    return { type: { dtype: 'float32', shape }, data, role: 'weight' };
  };
  return writeOnnxModel({
    name: 'convolution',
    inputs: new Map([[INPUT, { dtype: 'float32', shape: inputShape }]]),
    parameters: new Map([
      ['w', weight(kernelShape, kernel)],
      ['b', weight([bias.length], bias)],
    ]),
    nodes: [
      {
        ...{ name: 'convolution', op: 'convolution', inputs: [INPUT, 'w', 'b'], outputs: [OUTPUT] },
        attributes: { stride, padding, dilation, groups },
      },
    ],
    outputs: [OUTPUT],
  });
}
