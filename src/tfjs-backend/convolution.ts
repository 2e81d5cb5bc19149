/** Convolutions of pictures, N H W C or N C H W, and what TensorFlow.js fuses with them. */
import { backend_util, type Conv2DAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../tensor/ndarray.ts';
import type { CheckedTensor } from '../tensor/tensor.ts';
import { picturesOf } from './arena-values.ts';
import { convolve, type Problem, shapeOf } from './convolution-kernels.ts';
import { activation } from './elementwise.ts';
import {
  activateBehind,
  activationWithin,
  addBehind,
  type FusedAttributes,
  type FusedInputs,
  isVector,
  refusesFused,
} from './fused.ts';
import { type AnyKernel, type Kernel, planesShape, type Shape4 } from './kernel.ts';
import type { Placed } from './operations.ts';
import { Recent } from './recent.ts';
import type { Room } from './room.ts';

interface Inputs extends FusedInputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
}

type Attributes = Conv2DAttrs & FusedAttributes;

/** A convolution as we compute it, and as TensorFlow.js has its result. */
export interface Picture extends Problem {
  /** Tells all of it that a computation depends on. */
  readonly key: string;
  readonly isChannelsLast: boolean;
  /** In TensorFlow.js's order. */
  readonly outShape: Shape4;
  readonly outHeight: number;
  readonly outWidth: number;
}

type Geometry = Omit<Conv2DAttrs, 'dilations'> & { readonly dilations?: Conv2DAttrs['dilations'] };

/** As many as large networks have. */
const known = new Recent<Picture>(1024);

/** @param shape that of x */
export function pictureOf(
  shape: readonly number[],
  filter: readonly number[],
  geometry: Geometry,
  isDepthwise: boolean,
): Picture {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = geometry;
  const sizes = `${shape} ${filter} ${strides} ${pad} ${dataFormat} ${dilations} ${dimRoundingMode} ${isDepthwise}`;
  return known.of(sizes, () => newPicture(shape, filter, geometry, isDepthwise, sizes));
}

function newPicture(
  shape: readonly number[],
  filter: readonly number[],
  { strides, pad, dataFormat, dilations, dimRoundingMode }: Geometry,
  isDepthwise: boolean,
  key: string,
): Picture {
  const isChannelsLast = dataFormat !== 'NCHW';
  const found = backend_util.computeConv2DInfo(
    shape as Shape4,
    filter as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    isDepthwise,
    isChannelsLast ? 'channelsLast' : 'channelsFirst',
  );
  const { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, padInfo } = found;
  const stride = { height: found.strideHeight, width: found.strideWidth };
  // The windows that there are tell how far the padding reaches: TensorFlow.js may round their number up.
  const behind = (count: number, step: number, span: number, size: number, before: number): number =>
    Math.max(0, (count - 1) * step + span - size - before);
  return {
    key,
    input: [found.batchSize, inChannels, inHeight, inWidth],
    kernel: [outChannels, isDepthwise ? 1 : inChannels, found.filterHeight, found.filterWidth],
    padding: {
      top: padInfo.top,
      left: padInfo.left,
      bottom: behind(outHeight, stride.height, found.effectiveFilterHeight, inHeight, padInfo.top),
      right: behind(outWidth, stride.width, found.effectiveFilterWidth, inWidth, padInfo.left),
    },
    stride,
    dilation: { height: found.dilationHeight, width: found.dilationWidth },
    groups: isDepthwise ? inChannels : 1,
    isChannelsLast,
    outShape: found.outShape,
    outHeight,
    outWidth,
  };
}

const refusals = new WeakMap<Picture, string>();

/** What no kernel of ours computes; null where one does. */
export function refusesPicture(who: string, picture: Picture): string | null {
  const found = refusals.get(picture) ?? refusalOf(who, picture) ?? '';
  refusals.set(picture, found);
  return found === '' ? null : found;
}

function refusalOf(who: string, picture: Picture): string | null {
  const { outHeight, outWidth } = picture;
  if (outHeight < 1 || outWidth < 1) return 'a result without elements';
  const shape = shapeOf(who, picture);
  const isSame = shape.outputHeight === outHeight && shape.outputWidth === outWidth;
  return isSame ? null : 'fewer windows than there is room for';
}

/** R S C K, or R S C M of M outputs for each channel, as K C/groups R S. */
function kernelOf(room: Room, filter: TensorInfo, isDepthwise: boolean): CheckedTensor {
  const [height, width, channels, outputs] = filter.shape;
  const { data, offset } = room.view(filter);
  const tap = channels * outputs;
  if (isDepthwise) return { data, offset, shape: [tap, 1, height, width], stride: [1, 1, width * tap, tap] };
  return { data, offset, shape: [outputs, channels, height, width], stride: [1, outputs, width * tap, tap] };
}

function convolution(name: string, isDepthwise: boolean): Kernel<Inputs, Attributes> {
  return {
    name,
    refuses({ x, filter }, attrs) {
      if (x.shape.length !== 4 || filter.shape.length !== 4) return 'shapes of no pictures';
      if (x.shape[attrs.dataFormat === 'NCHW' ? 1 : 3] !== filter.shape[2]) return 'a filter of other channels';
      return refusesFused(attrs) ?? refusesPicture(name, pictureOf(x.shape, filter.shape, attrs, isDepthwise));
    },
    run({ inputs: { x, filter, bias, preluActivationWeights: slopes }, attrs, room, tell }) {
      const picture = pictureOf(x.shape, filter.shape, attrs, isDepthwise);
      const { isChannelsLast, outShape, kernel } = picture;
      const from = isChannelsLast ? room.planes(x) : room.flat(x);
      const result = isChannelsLast ? room.resultPlanes(outShape) : room.result(outShape, null);
      // A bias or an activation that the kernels do not have comes behind them, the activation last.
      const isWithin = !bias || isVector(bias, kernel[0]);
      const biasAt = bias && isWithin ? room.flat(bias) : 0;
      const view = () => kernelOf(room, filter, isDepthwise);
      const within = activationWithin(isWithin ? attrs : {});
      tell(convolve(room, name, picture, within, filter, view, [from, biasAt, result.at]));
      const y = { at: result.at, shape: isChannelsLast ? planesShape(outShape) : outShape };
      if (bias && !isWithin) {
        addBehind(room, y, stretchedIn(room, bias, isChannelsLast));
        activation(activationWithin(attrs))(room, sizeOf(outShape), y.at, y.at);
      }
      activateBehind(room, attrs, y, slopes ? stretchedIn(room, slopes, isChannelsLast) : null);
      return room.tensor(result);
    },
  };
}

/** A tensor that is stretched to pictures, in the order of planes; a vector is one number for each channel. */
function stretchedIn(room: Room, x: TensorInfo, isChannelsLast: boolean): Placed {
  const { shape } = x;
  if (!isChannelsLast) {
    return { at: room.flat(x), shape: shape.length === 1 && shape[0] !== 1 ? [shape[0], 1, 1] : shape };
  }
  const full = [...new Array<number>(4 - shape.length).fill(1), ...shape];
  return { at: room.ordered(x, picturesOf(full)), shape: planesShape(full) };
}

export const CONVOLUTION: readonly AnyKernel[] = [
  convolution('Conv2D', false),
  convolution('FusedConv2D', false),
  convolution('DepthwiseConv2dNative', true),
  convolution('FusedDepthwiseConv2D', true),
];
