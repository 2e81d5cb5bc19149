/**
 * A network is data: a list of nodes in the order in which they are computed. Each node makes one value, named like the
 * node, from values made before it, and holds its own numbers. It is the short way of writing the graph (src/graph) that
 * is planned and run: built-in definitions are written in it.
 *
 * Values are [C, H, W] or [C]; the batch stands apart, because nothing in a network depends on it.
 */
import type { Activation, PoolingConvention } from '../graph/attributes.ts';
import type { DenseArray } from '../graph/compiled.ts';
import type { Padding, PerAxis } from '../tensor/convolution-shape.ts';

export type { Activation, PoolingConvention, Sides } from '../graph/attributes.ts';
export type { DenseArray } from '../graph/compiled.ts';

/** A network: its inputs, its nodes in the order in which they are computed, and the values that a run returns. */
export interface Network {
  readonly name: string;
  readonly inputs: readonly NetworkInput[];
  readonly nodes: readonly NetworkNode[];
  /** Names of the values that a run returns. */
  readonly outputs: readonly string[];
}

/** A value that a run is given. */
export interface NetworkInput {
  readonly name: string;
  /** [C, H, W] or [C]; null where any size will do. */
  readonly shape: readonly (number | null)[];
}

/** [C, H, W] or [C]. */
export type Shape = readonly number[];
/** A shape with null where a size is not known yet. */
export type PartialShape = readonly (number | null)[];

export interface NodeBase {
  readonly name: string;
  readonly inputs: readonly string[];
}

/** kernel is [K, C / groups, R, S]. Padding 'same' is TensorFlow's: ⌈H / stride⌉ outputs, the odd zero below and right. */
export interface ConvolutionNode extends NodeBase {
  readonly op: 'convolution';
  readonly kernel: DenseArray;
  readonly bias?: Float32Array;
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
  readonly padding?: Padding | 'same';
  readonly activation?: Activation;
}

/** kernel is [K, C]; an input [C, H, W] is read as its C·H·W elements in order. */
export interface FullyConnectedNode extends NodeBase {
  readonly op: 'fully-connected';
  readonly kernel: DenseArray;
  readonly bias?: Float32Array;
  readonly activation?: Activation;
}

interface PoolingBase extends NodeBase {
  readonly poolingSize: PerAxis;
  /** Absent: the pooling size, so that windows tile the input. */
  readonly stride?: PerAxis;
  readonly padding?: Padding;
  readonly convention?: PoolingConvention;
}

/** Padding counts as −∞. */
export interface MaxPoolingNode extends PoolingBase {
  readonly op: 'max-pooling';
}

/** Divides by the elements inside the input, or with countPadding by the whole window, as MXNet does. */
export interface AveragePoolingNode extends PoolingBase {
  readonly op: 'average-pooling';
  readonly countPadding?: boolean;
}

/** [C, H, W] → [C]. */
export interface GlobalAveragePoolingNode extends NodeBase {
  readonly op: 'global-average-pooling';
}

/** max(x, 0); with a slope, x where it is positive and negativeSlope · x elsewhere. */
export interface ReluNode extends NodeBase {
  readonly op: 'relu';
  readonly negativeSlope?: number;
}

/** min(max(x, min), max), each element by itself. */
export interface ClampNode extends NodeBase {
  readonly op: 'clamp';
  readonly min: number;
  readonly max: number;
}

/** Over the channels, at each pixel. */
export interface SoftmaxNode extends NodeBase {
  readonly op: 'softmax';
}

/** y = x · (bias + alpha / size · Σ x²)^(−beta), the sum over the `size` channels around it (an even one more after it). */
export interface LocalResponseNormalisationNode extends NodeBase {
  readonly op: 'local-response-normalisation';
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/** y = gamma · (x − mean) / √(variance + epsilon) + beta, channel by channel. */
export interface BatchNormalisationNode extends NodeBase {
  readonly op: 'batch-normalisation';
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

/** y = x · scale + shift, channel by channel: what a batch normalisation is once its statistics are folded. */
export interface ScaleShiftNode extends NodeBase {
  readonly op: 'scale-shift';
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** Along the channels. */
export interface ConcatenationNode extends NodeBase {
  readonly op: 'concatenation';
}

/** The sum of two or more values of one shape, added from the left; the same one may come several times. */
export interface AdditionNode extends NodeBase {
  readonly op: 'addition';
  readonly activation?: Activation;
}

/** Bilinear between sample centres (half-pixel centres), edges repeated. */
export interface ResizeNode extends NodeBase {
  readonly op: 'resize';
  readonly mode: 'nearest' | 'bilinear';
  readonly scale: PerAxis;
}

/**
 * Rows and columns around [C, H, W]: they hold a value (0 when not given), or the input's own rows and columns mirrored at
 * the outermost, or copies of the outermost.
 */
export interface PadNode extends NodeBase {
  readonly op: 'pad';
  readonly padding: Padding;
  readonly mode?: 'constant' | 'reflect' | 'edge';
  readonly value?: number;
}

/** Nothing at all outside training. */
export interface DropoutNode extends NodeBase {
  readonly op: 'dropout';
}

/** The value under another name. */
export interface IdentityNode extends NodeBase {
  readonly op: 'identity';
}

/** [C, H, W] → [C·H·W], the same elements in the same order. */
export interface FlattenNode extends NodeBase {
  readonly op: 'flatten';
}

export type PoolingNode = MaxPoolingNode | AveragePoolingNode;

/** A node of a network: one operation, its numbers, and the names of the values that it reads. */
export type NetworkNode =
  | ConvolutionNode
  | FullyConnectedNode
  | PoolingNode
  | GlobalAveragePoolingNode
  | ReluNode
  | ClampNode
  | SoftmaxNode
  | LocalResponseNormalisationNode
  | BatchNormalisationNode
  | ScaleShiftNode
  | ConcatenationNode
  | AdditionNode
  | ResizeNode
  | PadNode
  | DropoutNode
  | IdentityNode
  | FlattenNode;

export type NodeOp = NetworkNode['op'];
export type NodeOf<Op extends NodeOp> = Extract<NetworkNode, { op: Op }>;

/** The operations of networks; graphs have more. */
const NODE_OPS_BY_NAME: Readonly<Record<NodeOp, true>> = {
  convolution: true,
  'fully-connected': true,
  'max-pooling': true,
  'average-pooling': true,
  'global-average-pooling': true,
  relu: true,
  clamp: true,
  softmax: true,
  'local-response-normalisation': true,
  'batch-normalisation': true,
  'scale-shift': true,
  concatenation: true,
  addition: true,
  resize: true,
  pad: true,
  dropout: true,
  identity: true,
  flatten: true,
};

/** The names, in the order in which errors tell them. */
export const NODE_OPS = Object.keys(NODE_OPS_BY_NAME) as readonly NodeOp[];
