/** What each class of layer becomes. */
import type { LayerReader } from '../layer.ts';
import { functionLayer } from '../operators/table.ts';
import { convolution, dense, depthwise, separable, transposed } from './convolutions.ts';
import { centreCrop, resizing, upsampling1d, upsampling2d } from './images.ts';
import { concatenation, dot, merge, pairwise } from './merges.ts';
import { cropping, flatten, permute, repeatVector, reshape, zeroPadding } from './movement.ts';
import {
  batchNormalisation,
  groupNormalisation,
  layerNormalisation,
  normalisation,
  rmsNormalisation,
  unitNormalisation,
} from './normalisations.ts';
import { adaptiveAveragePooling, globalPooling, pooling } from './poolings.ts';
import {
  activation,
  dropout,
  elu,
  identity,
  leakyRelu,
  parametricRelu,
  relu,
  rescaling,
  softmax,
  thresholdedRelu,
} from './simple.ts';

/** How to read a class of layer, and how many values a layer reads: one where it is not told. */
interface LayerClass {
  readonly read: LayerReader;
  readonly inputs?: readonly [least: number, most: number];
}

const SEVERAL = [1, Infinity] as const;

export const LAYERS: ReadonlyMap<string, LayerClass> = new Map<string, LayerClass>(
  Object.entries({
    Conv1D: { read: convolution(1) },
    Conv2D: { read: convolution(2) },
    Convolution1D: { read: convolution(1) },
    Convolution2D: { read: convolution(2) },
    DepthwiseConv1D: { read: depthwise(1) },
    DepthwiseConv2D: { read: depthwise(2) },
    SeparableConv1D: { read: separable(1) },
    SeparableConv2D: { read: separable(2) },
    Conv1DTranspose: { read: transposed(1) },
    Conv2DTranspose: { read: transposed(2) },
    Dense: { read: dense },

    MaxPooling1D: { read: pooling('max-pooling-nd', 1) },
    MaxPooling2D: { read: pooling('max-pooling-nd', 2) },
    AveragePooling1D: { read: pooling('average-pooling-nd', 1) },
    AveragePooling2D: { read: pooling('average-pooling-nd', 2) },
    GlobalMaxPooling1D: { read: globalPooling('maximum', 1) },
    GlobalMaxPooling2D: { read: globalPooling('maximum', 2) },
    GlobalAveragePooling1D: { read: globalPooling('mean', 1) },
    GlobalAveragePooling2D: { read: globalPooling('mean', 2) },
    AdaptiveAveragePooling2D: { read: adaptiveAveragePooling },

    Activation: { read: activation },
    ReLU: { read: relu },
    LeakyReLU: { read: leakyRelu },
    PReLU: { read: parametricRelu },
    ELU: { read: elu },
    ThresholdedReLU: { read: thresholdedRelu },
    Softmax: { read: softmax },

    BatchNormalization: { read: batchNormalisation },
    LayerNormalization: { read: layerNormalisation },
    GroupNormalization: { read: groupNormalisation },
    UnitNormalization: { read: unitNormalisation },
    RMSNormalization: { read: rmsNormalisation },
    Normalization: { read: normalisation },
    Rescaling: { read: rescaling },

    Add: { read: merge('sum'), inputs: SEVERAL },
    Subtract: { read: pairwise('subtraction'), inputs: [2, 2] },
    Multiply: { read: pairwise('multiplication'), inputs: SEVERAL },
    Average: { read: merge('mean'), inputs: SEVERAL },
    Maximum: { read: merge('maximum'), inputs: SEVERAL },
    Minimum: { read: merge('minimum'), inputs: SEVERAL },
    Concatenate: { read: concatenation, inputs: SEVERAL },
    Dot: { read: dot, inputs: [2, 2] },

    Flatten: { read: flatten },
    Reshape: { read: reshape },
    Permute: { read: permute },
    RepeatVector: { read: repeatVector },
    ZeroPadding1D: { read: zeroPadding(1) },
    ZeroPadding2D: { read: zeroPadding(2) },
    Cropping1D: { read: cropping(1) },
    Cropping2D: { read: cropping(2) },
    UpSampling1D: { read: upsampling1d },
    UpSampling2D: { read: upsampling2d },
    Resizing: { read: resizing },
    CenterCrop: { read: centreCrop },

    Dropout: { read: dropout },
    SpatialDropout1D: { read: dropout },
    SpatialDropout2D: { read: dropout },
    AlphaDropout: { read: dropout },
    GaussianDropout: { read: dropout },
    GaussianNoise: { read: identity },
    ActivityRegularization: { read: identity },
    Identity: { read: identity },

    TFOpLambda: { read: functionLayer, inputs: [0, Infinity] },
    SlicingOpLambda: { read: functionLayer, inputs: [0, Infinity] },
  } satisfies Readonly<Record<string, LayerClass>>),
);
