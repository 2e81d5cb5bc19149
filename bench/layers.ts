/**
 * The layers that the benchmark measures, as data, and problems made of them.
 *
 * Data are uniform in [−1, 1) from a seeded generator, so that a run can be repeated and every engine gets the same
 * numbers. They are not all zero: a convolution of zeros would be as fast, but could not be checked.
 */
import { sizeOf } from '../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../src/tensor/random.ts';

/** A convolution of a square, symmetrically padded kernel, at batch 1 unless a problem says otherwise. */
export interface ConvolutionLayer {
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly inputSize: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;
  /** How many times the network has this layer. */
  readonly occurrences: number;
}

type Shape4 = [number, number, number, number];

/** One convolution with its data, dense and row-major. Nothing here belongs to any engine. */
export interface LayerProblem {
  readonly layer: ConvolutionLayer;
  /** N, C, H, W. */
  readonly inputShape: Shape4;
  /** K, C / groups, R, S. */
  readonly kernelShape: Shape4;
  /** N, K, H′, W′. */
  readonly outputShape: Shape4;
  readonly input: Float32Array<ArrayBuffer>;
  readonly kernel: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

/** The usual layer: a 3 × 3 kernel, padded by 1, which the network has once. */
export const usual = { kernelSize: 3, stride: 1, padding: 1, dilation: 1, groups: 1, occurrences: 1 };

/** VGG-16's thirteen convolutions, of nine kinds. */
export const vgg16Layers: readonly ConvolutionLayer[] = [
  { ...usual, name: '3→64 @224', inputChannels: 3, outputChannels: 64, inputSize: 224 },
  { ...usual, name: '64→64 @224', inputChannels: 64, outputChannels: 64, inputSize: 224 },
  { ...usual, name: '64→128 @112', inputChannels: 64, outputChannels: 128, inputSize: 112 },
  { ...usual, name: '128→128 @112', inputChannels: 128, outputChannels: 128, inputSize: 112 },
  { ...usual, name: '128→256 @56', inputChannels: 128, outputChannels: 256, inputSize: 56 },
  { ...usual, name: '256→256 @56', inputChannels: 256, outputChannels: 256, inputSize: 56, occurrences: 2 },
  { ...usual, name: '256→512 @28', inputChannels: 256, outputChannels: 512, inputSize: 28 },
  { ...usual, name: '512→512 @28', inputChannels: 512, outputChannels: 512, inputSize: 28, occurrences: 2 },
  { ...usual, name: '512→512 @14', inputChannels: 512, outputChannels: 512, inputSize: 14, occurrences: 3 },
];

/** Shapes that VGG-16 lacks: a 5 × 5 kernel (AlexNet), 1 × 1 kernels, and the strided first layers of two networks. */
export const otherLayers: readonly ConvolutionLayer[] = [
  {
    ...usual,
    name: '96→256 5×5 @26',
    inputChannels: 96,
    outputChannels: 256,
    inputSize: 26,
    kernelSize: 5,
    padding: 2,
  },
  {
    ...usual,
    name: '256→256 1×1 @28',
    inputChannels: 256,
    outputChannels: 256,
    inputSize: 28,
    kernelSize: 1,
    padding: 0,
  },
  {
    ...usual,
    name: '192→64 1×1 @28',
    inputChannels: 192,
    outputChannels: 64,
    inputSize: 28,
    kernelSize: 1,
    padding: 0,
  },
  {
    ...usual,
    name: '3→64 7×7 s2 @224',
    inputChannels: 3,
    outputChannels: 64,
    inputSize: 224,
    kernelSize: 7,
    stride: 2,
    padding: 3,
  },
  {
    ...usual,
    name: '3→96 11×11 s4 @224',
    inputChannels: 3,
    outputChannels: 96,
    inputSize: 224,
    kernelSize: 11,
    stride: 4,
    padding: 0,
  },
];

export const allLayers: readonly ConvolutionLayer[] = [...vgg16Layers, ...otherLayers];

/** A layer of as many channels in as out, padded so that stride 1 keeps the size of the image. */
function same(
  name: string,
  channels: number,
  inputSize: number,
  kernelSize: number,
  rest: Partial<ConvolutionLayer> = {},
) {
  const dilation = rest.dilation ?? 1;
  const padding = (dilation * (kernelSize - 1)) / 2;
  return { ...usual, name, inputChannels: channels, outputChannels: channels, inputSize, kernelSize, padding, ...rest };
}

/** Kinds of layers that networks of today have: depthwise, dilated, strided, of few pixels, in groups, of large kernels. */
export const kindLayers: readonly ConvolutionLayer[] = [
  same('depthwise 3×3, 128 @56', 128, 56, 3, { groups: 128 }),
  same('depthwise 3×3 s2, 64 @112', 64, 112, 3, { groups: 64, stride: 2 }),
  same('depthwise 3×3, 512 @14', 512, 14, 3, { groups: 512 }),
  same('depthwise 5×5, 240 @28', 240, 28, 5, { groups: 240 }),
  same('depthwise 7×7, 96 @56', 96, 56, 7, { groups: 96 }),
  same('depthwise 31×31, 128 @56', 128, 56, 31, { groups: 128 }),
  same('256→256 3×3 d6 @33', 256, 33, 3, { dilation: 6 }),
  same('256→256 3×3 d2 @33', 256, 33, 3, { dilation: 2 }),
  same('64→128 3×3 s2 @56', 64, 56, 3, { outputChannels: 128, stride: 2 }),
  same('256→512 3×3 s2 @14', 256, 14, 3, { outputChannels: 512, stride: 2 }),
  same('256→512 1×1 s2 @56', 256, 56, 1, { outputChannels: 512, stride: 2 }),
  same('512→512 1×1 @14', 512, 14, 1),
  same('1024→1024 1×1 @7', 1024, 7, 1),
  same('512→512 3×3 @7', 512, 7, 3),
  same('256→256 3×3, 32 groups @28', 256, 28, 3, { groups: 32 }),
  same('32→3 9×9 @256', 32, 256, 9, { outputChannels: 3 }),
];

/** Inception-BN's convolutions with the least work, of each kind and size of image. */
export const smallLayers: readonly ConvolutionLayer[] = [
  {
    ...usual,
    name: '192→32 1×1 @27',
    inputChannels: 192,
    outputChannels: 32,
    inputSize: 27,
    kernelSize: 1,
    padding: 0,
  },
  {
    ...usual,
    name: '576→64 1×1 @14',
    inputChannels: 576,
    outputChannels: 64,
    inputSize: 14,
    kernelSize: 1,
    padding: 0,
  },
  {
    ...usual,
    name: '1024→128 1×1 @7',
    inputChannels: 1024,
    outputChannels: 128,
    inputSize: 7,
    kernelSize: 1,
    padding: 0,
  },
  { ...usual, name: '64→96 3×3 @14', inputChannels: 64, outputChannels: 96, inputSize: 14 },
  { ...usual, name: '160→224 3×3 @7', inputChannels: 160, outputChannels: 224, inputSize: 7 },
  { ...usual, name: '128→192 3×3 s2 @14', inputChannels: 128, outputChannels: 192, inputSize: 14, stride: 2 },
];

/** H′ = ⌊(H + 2 · padding − dilation · (R − 1) − 1) / stride⌋ + 1. */
export function outputSize(layer: ConvolutionLayer): number {
  const extent = layer.dilation * (layer.kernelSize - 1) + 1;
  return Math.floor((layer.inputSize + 2 * layer.padding - extent) / layer.stride) + 1;
}

/** Operations of the direct convolution of one image, 2 · K · C / groups · R · S · H′ · W′, whatever an engine does. */
export function operations(layer: ConvolutionLayer): number {
  const taps = (layer.inputChannels / layer.groups) * layer.kernelSize ** 2;
  return 2 * layer.outputChannels * taps * outputSize(layer) ** 2;
}

const SEED = 7;

/** A problem of this layer. Images come last, so a batch has the kernel of a smaller one and begins with its images. */
export function problem(layer: ConvolutionLayer, batch = 1): LayerProblem {
  const { inputChannels, outputChannels, inputSize, kernelSize, groups } = layer;
  const inputShape: Shape4 = [batch, inputChannels, inputSize, inputSize];
  const kernelShape: Shape4 = [outputChannels, inputChannels / groups, kernelSize, kernelSize];
  const outputShape: Shape4 = [batch, outputChannels, outputSize(layer), outputSize(layer)];
  const next = uniform(SEED);
  return {
    layer,
    inputShape,
    kernelShape,
    outputShape,
    kernel: randomArray(sizeOf(kernelShape), next),
    bias: randomArray(outputChannels, next),
    input: randomArray(sizeOf(inputShape), next),
  };
}
