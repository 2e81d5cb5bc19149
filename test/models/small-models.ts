/** One small model in each format, written by the tests: what each computes is known by hand. */

import { dataTypeOf } from '../../src/onnx/data-types.ts';
import type { Model as OnnxModel, ValueInfo } from '../../src/onnx/proto.ts';
import { bytesOf, paramsBytes } from '../mxnet/writer.ts';
import { graphProto, modelProto, nodeProto, smallNetwork } from '../onnx/draw.ts';
import { writeModel } from '../onnx/write.ts';
import type { KerasLayer, Weights } from '../tfjs/keras.ts';
import { functionalModel, manifestOf, type Model as TfjsModel } from '../tfjs/models.ts';

/** Files of a model by their names, and which of them is opened. */
export interface Files {
  readonly main: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const textBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** y = relu(w · x + b) for each pixel, N C H W, w in a file beside the model: (10, 20, 30) → (141, 0). */
export function onnxModel(): Files {
  const weights = new Uint8Array(Float32Array.of(1, 2, 3, -1, -1, -1).buffer);
  return { main: 'model.onnx', files: { 'model.onnx': writeModel(smallNetwork()), 'w.bin': weights } };
}

/** The same in MXNet, followed by a loss layer with a label: softmax of (14.1, 0). */
export function mxnetModel(): Files {
  const nodes = [
    { op: 'null', name: 'data', inputs: [] },
    { op: 'null', name: 'c_weight', inputs: [] },
    { op: 'null', name: 'c_bias', inputs: [] },
    {
      op: 'Convolution',
      name: 'c',
      attrs: { kernel: '(1, 1)', num_filter: '2' },
      inputs: [
        [0, 0, 0],
        [1, 0, 0],
        [2, 0, 0],
      ],
    }, // prettier-ignore
    { op: 'Activation', name: 'r', attrs: { act_type: 'relu' }, inputs: [[3, 0, 0]] },
    { op: 'Flatten', name: 'f', attrs: {}, inputs: [[4, 0, 0]] },
    { op: 'null', name: 'softmax_label', inputs: [] },
    {
      op: 'SoftmaxOutput',
      name: 'softmax',
      attrs: {},
      inputs: [
        [5, 0, 0],
        [6, 0, 0],
      ],
    }, // prettier-ignore
  ];
  const symbol = { nodes, arg_nodes: [0, 1, 2, 6], heads: [[7, 0, 0]], attrs: { mxnet_version: ['int', 10901] } };
  const array = (name: string, shape: number[], ...values: number[]) => {
    return { name, form: 2 as const, shape, type: 0, elements: bytesOf(Float32Array.from(values)) };
  };
  const params = (scale: number) =>
    paramsBytes([
      array('arg:c_weight', [2, 3, 1, 1], ...[1, 2, 3, -1, -1, -1].map((w) => w * scale)),
      array('arg:c_bias', [2], scale, -scale),
    ]);
  return {
    main: 'net-symbol.json',
    files: { 'net-symbol.json': textBytes(symbol), 'net-0001.params': params(1), 'net-0020.params': params(0.1) },
  };
}

/** The same in a layers model, N H W C. */
export function layersModel(): Files {
  const input: KerasLayer = {
    ...{ class_name: 'InputLayer', config: { name: 'x', batch_input_shape: [null, null, null, 3] } },
    inbound_nodes: [],
  };
  const config = { name: 'y', filters: 2, kernel_size: [1, 1], strides: [1, 1], padding: 'same', activation: 'relu' };
  const layer: KerasLayer = { class_name: 'Conv2D', config, inbound_nodes: [[['x', 0, 0, {}]]] };
  const weights: Weights = {
    'y/kernel': { shape: [1, 1, 3, 2], data: Float32Array.of(1, -1, 2, -1, 3, -1) },
    'y/bias': { shape: [2], data: Float32Array.of(1, -1) },
  };
  return filesOf(functionalModel([input, layer], weights));
}

export function filesOf({ json, shards }: TfjsModel): Files {
  return { main: 'model.json', files: { ...shards, 'model.json': textBytes(json) } };
}

const tensor = (name: string, type: number, shape: readonly (number | string)[]): ValueInfo => {
  return { name, type: { kind: 'tensor', elements: dataTypeOf(type), shape } };
};

/** Two inputs and outputs of several types: s = a + b (int64), m = a > b (bool), h = half (float16) · 2. */
export function typesModel(fields: Partial<OnnxModel> = {}): Uint8Array {
  return writeModel(
    modelProto(
      graphProto({
        nodes: [
          { ...nodeProto('Add'), inputs: ['a', 'b'], outputs: ['s'] },
          { ...nodeProto('Greater'), inputs: ['a', 'b'], outputs: ['m'] },
          { ...nodeProto('Add'), inputs: ['half', 'half'], outputs: ['h'] },
        ],
        inputs: [tensor('a', 7, ['N']), tensor('b', 7, ['N']), tensor('half', 10, [2])],
        outputs: [tensor('s', 7, ['N']), tensor('m', 9, ['N']), tensor('h', 10, [2])],
      }),
      fields,
    ),
  );
}

/** y = x − 0 in so many Neg nodes: a model that takes its time. */
export function longModel(count: number): Uint8Array {
  const name = (i: number) => (i === 0 ? 'x' : i === count ? 'y' : `v${i}`);
  const nodes = Array.from({ length: count }, (_, i) => {
    return { ...nodeProto('Neg'), name: `n${i}`, inputs: [name(i)], outputs: [name(i + 1)] };
  });
  const shape = ['N', 3, 'H', 'W'];
  return writeModel(
    modelProto(graphProto({ nodes, inputs: [tensor('x', 1, shape)], outputs: [tensor('y', 1, shape)] })),
  );
}

/** The same in a graph model, N H W C. */
export function graphModel(): Files {
  const type = { type: 'DT_FLOAT' };
  const sizes = (list: readonly number[]) => ({ shape: { dim: list.map((size) => ({ size: `${size}` })) } });
  const text = (value: string) => ({ s: Buffer.from(value).toString('base64') });
  const weights = (name: string) => ({ name, op: 'Const', attr: { dtype: type } });
  const window = { strides: { list: { i: ['1', '1', '1', '1'] } }, padding: text('SAME'), data_format: text('NHWC') };
  const node = [
    { name: 'x', op: 'Placeholder', attr: { dtype: type, shape: sizes([-1, -1, -1, 3]) } },
    ...[weights('w'), weights('b')],
    { name: 'conv', op: 'Conv2D', input: ['x', 'w'], attr: { T: type, ...window } },
    { name: 'sum', op: 'BiasAdd', input: ['conv', 'b'], attr: { T: type, data_format: text('NHWC') } },
    { name: 'y', op: 'Relu', input: ['sum'], attr: { T: type } },
  ];
  const { manifest, shards } = manifestOf({
    w: { shape: [1, 1, 3, 2], data: Float32Array.of(1, -1, 2, -1, 3, -1) },
    b: { shape: [2], data: Float32Array.of(1, -1) },
  });
  const json = { format: 'graph-model', modelTopology: { node, library: {}, versions: {} }, weightsManifest: manifest };
  return { main: 'model.json', files: { ...shards, 'model.json': textBytes(json) } };
}
