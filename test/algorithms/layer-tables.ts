/**
 * NNPACK's workloads: the layers of AlexNet, OverFeat (fast) and VGG-A that its tests and benchmarks run, with the
 * error limits of its inference tests. Sizes are those of NNPACK's own tables, which are not always a network that
 * fits together (OverFeat's first pooling reads 48 × 48 where its first convolution writes 56 × 56).
 *
 * An error is max |ŷ − y| / |y| over the elements. Its limits hold for NNPACK's own data, which hardly cancel: inputs,
 * kernels and biases of convolutions uniform in [−0.1, 1), the rest in [0, 1), those of ReLU in [−1, 1).
 */

export type NnpackAlgorithm = 'ft8x8' | 'ft16x16' | 'wt8x8' | 'implicit-gemm' | 'direct';

/** A convolution of square images and kernels, symmetrically padded. */
export interface ConvolutionLayer {
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly inputSize: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputSize: number;
  /** Millions of multiply-adds of the direct convolution of one image. */
  readonly megaMacs: number;
  /** How many 8 × 8 and 16 × 16 tiles an image takes; none where no transform applies (a stride). */
  readonly tiles8x8: number | undefined;
  readonly tiles16x16: number | undefined;
  /** What NNPACK's automatic rule picks for one image, and for a batch (no strided batch is served). */
  readonly inferenceAlgorithm: NnpackAlgorithm;
  readonly outputAlgorithm: NnpackAlgorithm | undefined;
}

export interface FullyConnectedLayer {
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Greatest relative error of `fullyConnectedInference`. */
  readonly inferenceTolerance: number;
}

/** What a layer without weights works on: `channels` square planes, of size 1 after a fully-connected layer. */
export interface Planes {
  readonly channels: number;
  readonly inputSize: number;
}

export interface LayerTable {
  readonly name: 'AlexNet' | 'OverFeat-fast' | 'VGG-A';
  /** Batch of the training passes; inference runs one image. */
  readonly trainingBatch: number;
  /** Greatest relative error of `convolutionInference`, whatever the algorithm. */
  readonly inferenceTolerance: number;
  readonly convolution: readonly ConvolutionLayer[];
  readonly fullyConnected: readonly FullyConnectedLayer[];
  /** Maximum of 2 × 2 windows at stride 2. */
  readonly pooling: readonly Planes[];
  readonly relu: readonly Planes[];
}

/** Greatest relative errors that are the same for every network. */
export const poolingTolerance = 1e-7;
export const reluTolerance = 1e-7;

/** Three layers, from the flattened last pooling to the classes. */
const classifier = (features: number, hidden6: number, hidden7: number): FullyConnectedLayer[] => [
  { name: 'fc6', inputChannels: features, outputChannels: hidden6, inferenceTolerance: 2e-5 },
  { name: 'fc7', inputChannels: hidden6, outputChannels: hidden7, inferenceTolerance: 1e-5 },
  { name: 'fc8', inputChannels: hidden7, outputChannels: 1000, inferenceTolerance: 1e-5 },
];

type ConvolutionRow = [
  name: string,
  inputChannels: number,
  outputChannels: number,
  inputSize: number,
  kernelSize: number,
  stride: number,
  padding: number,
  outputSize: number,
  megaMacs: number,
  tiles8x8: number | undefined,
  tiles16x16: number | undefined,
  inferenceAlgorithm: NnpackAlgorithm,
  outputAlgorithm: NnpackAlgorithm | undefined,
];

const convolution = (row: ConvolutionRow): ConvolutionLayer => ({
  name: row[0],
  inputChannels: row[1],
  outputChannels: row[2],
  inputSize: row[3],
  kernelSize: row[4],
  stride: row[5],
  padding: row[6],
  outputSize: row[7],
  megaMacs: row[8],
  tiles8x8: row[9],
  tiles16x16: row[10],
  inferenceAlgorithm: row[11],
  outputAlgorithm: row[12],
});

const convolutions = (rows: readonly ConvolutionRow[]) => rows.map(convolution);

const planes = (rows: readonly (readonly [channels: number, inputSize: number])[]) =>
  rows.map(([channels, inputSize]) => ({ channels, inputSize }));

const none = undefined;

export const alexNet: LayerTable = {
  name: 'AlexNet',
  trainingBatch: 128,
  inferenceTolerance: 1e-5,
  convolution: convolutions([
    // name, C, K, in, k, stride, padding, out, MMAC, tiles 8 × 8, 16 × 16, inference, output
    ['conv1', 3, 64, 224, 11, 4, 2, 55, 70.3, none, none, 'implicit-gemm', none],
    ['conv2', 64, 192, 27, 5, 1, 2, 27, 223.9, 49, 9, 'ft16x16', 'ft16x16'],
    ['conv3', 192, 384, 13, 3, 1, 1, 13, 112.1, 9, 1, 'wt8x8', 'ft16x16'],
    ['conv4', 384, 256, 13, 3, 1, 1, 13, 149.5, 9, 1, 'wt8x8', 'ft16x16'],
    ['conv5', 256, 256, 13, 3, 1, 1, 13, 99.7, 9, 1, 'wt8x8', 'ft16x16'],
  ]),
  fullyConnected: classifier(12544, 4096, 4096),
  pooling: [],
  relu: planes([
    [64, 55],
    [192, 27],
    [384, 13],
    [256, 13],
    [4096, 1],
    [1000, 1],
  ]),
};

export const overFeatFast: LayerTable = {
  name: 'OverFeat-fast',
  trainingBatch: 128,
  inferenceTolerance: 1e-5,
  convolution: convolutions([
    // name, C, K, in, k, stride, padding, out, MMAC, tiles 8 × 8, 16 × 16, inference, output
    ['conv1', 3, 96, 231, 11, 4, 0, 56, 109.3, none, none, 'implicit-gemm', none],
    ['conv2', 96, 256, 24, 5, 1, 0, 20, 245.8, 25, 4, 'ft16x16', 'ft16x16'],
    ['conv3', 256, 512, 12, 3, 1, 1, 12, 169.9, 4, 1, 'wt8x8', 'wt8x8'],
    ['conv4', 512, 1024, 12, 3, 1, 1, 12, 679.5, 4, 1, 'wt8x8', 'wt8x8'],
    ['conv5', 1024, 1024, 12, 3, 1, 1, 12, 1359.0, 4, 1, 'wt8x8', 'wt8x8'],
  ]),
  fullyConnected: classifier(36864, 3072, 4096),
  pooling: planes([
    [96, 48],
    [256, 24],
    [1024, 12],
  ]),
  relu: planes([
    [96, 56],
    [256, 24],
    [512, 12],
    [1024, 12],
    [3072, 1],
    [4096, 1],
    [1000, 1],
  ]),
};

export const vggA: LayerTable = {
  name: 'VGG-A',
  trainingBatch: 64,
  inferenceTolerance: 1e-4,
  convolution: convolutions([
    // name, C, K, in, k, stride, padding, out, MMAC, tiles 8 × 8, 16 × 16, inference, output
    ['conv1', 3, 64, 224, 3, 1, 1, 224, 86.7, 1444, 256, 'wt8x8', 'ft16x16'],
    ['conv2', 64, 128, 112, 3, 1, 1, 112, 924.8, 361, 64, 'wt8x8', 'ft16x16'],
    ['conv3', 128, 256, 56, 3, 1, 1, 56, 924.8, 100, 16, 'wt8x8', 'ft16x16'],
    ['conv4', 256, 256, 56, 3, 1, 1, 56, 1849.7, 100, 16, 'wt8x8', 'ft16x16'],
    ['conv5', 256, 512, 28, 3, 1, 1, 28, 924.8, 25, 4, 'wt8x8', 'ft16x16'],
    ['conv6', 512, 512, 28, 3, 1, 1, 28, 1849.7, 25, 4, 'wt8x8', 'ft16x16'],
    ['conv8', 512, 512, 14, 3, 1, 1, 14, 462.4, 9, 1, 'wt8x8', 'ft16x16'],
  ]),
  fullyConnected: classifier(25088, 4096, 4096),
  pooling: planes([
    [64, 224],
    [128, 112],
    [256, 56],
    [512, 28],
    [512, 14],
  ]),
  relu: planes([
    [64, 224],
    [128, 112],
    [256, 56],
    [512, 28],
    [512, 14],
    [4096, 1],
    [1000, 1],
  ]),
};

export const layerTables: readonly LayerTable[] = [alexNet, overFeatFast, vggA];
