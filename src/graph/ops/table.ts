/** Every operation of graphs by its name. */
import { absoluteValue } from './absolute-value.ts';
import { adaptiveAveragePooling } from './adaptive-average-pooling.ts';
import { addition } from './addition.ts';
import { and } from './and.ts';
import { arccosine } from './arccosine.ts';
import { arcsine } from './arcsine.ts';
import { arctangent } from './arctangent.ts';
import { arctangentOfTwo } from './arctangent-of-two.ts';
import { argmax } from './argmax.ts';
import { argmin } from './argmin.ts';
import { averagePooling } from './average-pooling.ts';
import { averagePoolingNd } from './average-pooling-nd.ts';
import { axisReversal } from './axis-reversal.ts';
import { batchNormalisation } from './batch-normalisation.ts';
import { batchNormalisationNd } from './batch-normalisation-nd.ts';
import { ceiling } from './ceiling.ts';
import { celu } from './celu.ts';
import { clamp } from './clamp.ts';
import { clip } from './clip.ts';
import { concatenation } from './concatenation.ts';
import { conversion } from './conversion.ts';
import { conversionLike } from './conversion-like.ts';
import { convolution } from './convolution.ts';
import { convolutionNd } from './convolution-nd.ts';
import { cosine } from './cosine.ts';
import { cumulativeSum } from './cumulative-sum.ts';
import { depthToSpace } from './depth-to-space.ts';
import { dequantisation } from './dequantisation.ts';
import { diagonal } from './diagonal.ts';
import { division } from './division.ts';
import { dropout } from './dropout.ts';
import { dynamicQuantisation } from './dynamic-quantisation.ts';
import { elementCount } from './element-count.ts';
import { elu } from './elu.ts';
import { equality } from './equality.ts';
import { errorFunction } from './error-function.ts';
import { exclusiveOr } from './exclusive-or.ts';
import { expand } from './expand.ts';
import { exponential } from './exponential.ts';
import { exponentialMinusOne } from './exponential-minus-one.ts';
import { fill } from './fill.ts';
import { flatten } from './flatten.ts';
import { floor } from './floor.ts';
import { fullyConnected } from './fully-connected.ts';
import { gather } from './gather.ts';
import { gatherElements } from './gather-elements.ts';
import { gatherSlices } from './gather-slices.ts';
import { gelu } from './gelu.ts';
import { generalConcatenation } from './general-concatenation.ts';
import { generalFlatten } from './general-flatten.ts';
import { generalPad } from './general-pad.ts';
import { generalSplit } from './general-split.ts';
import { globalAveragePooling } from './global-average-pooling.ts';
import { globalAveragePoolingNd } from './global-average-pooling-nd.ts';
import { globalMaxPooling } from './global-max-pooling.ts';
import { greater } from './greater.ts';
import { greaterOrEqual } from './greater-or-equal.ts';
import { groupNormalisation } from './group-normalisation.ts';
import { hardSigmoid } from './hard-sigmoid.ts';
import { hardSwish } from './hard-swish.ts';
import { hardmax } from './hardmax.ts';
import { hyperbolicCosine } from './hyperbolic-cosine.ts';
import { hyperbolicSine } from './hyperbolic-sine.ts';
import { hyperbolicTangent } from './hyperbolic-tangent.ts';
import { identity } from './identity.ts';
import { integerConvolution } from './integer-convolution.ts';
import { integerMatrixProduct } from './integer-matrix-product.ts';
import { inverseHyperbolicCosine } from './inverse-hyperbolic-cosine.ts';
import { inverseHyperbolicSine } from './inverse-hyperbolic-sine.ts';
import { inverseHyperbolicTangent } from './inverse-hyperbolic-tangent.ts';
import { isInfinite } from './is-infinite.ts';
import { isNan } from './is-nan.ts';
import { layerNormalisation } from './layer-normalisation.ts';
import { less } from './less.ts';
import { lessOrEqual } from './less-or-equal.ts';
import { localResponseNormalisation } from './local-response-normalisation.ts';
import { logSoftmax } from './log-softmax.ts';
import { logarithm } from './logarithm.ts';
import { logarithmOfOneMore } from './logarithm-of-one-more.ts';
import { matrixProduct } from './matrix-product.ts';
import { maxPooling } from './max-pooling.ts';
import { maxPoolingNd } from './max-pooling-nd.ts';
import { maximum } from './maximum.ts';
import { mean } from './mean.ts';
import { minimum } from './minimum.ts';
import { mish } from './mish.ts';
import { modulo } from './modulo.ts';
import { multiplication } from './multiplication.ts';
import { negation } from './negation.ts';
import { nonzeroIndices } from './nonzero-indices.ts';
import { normNormalisation } from './norm-normalisation.ts';
import { normPooling } from './norm-pooling.ts';
import { not } from './not.ts';
import { oneHot } from './one-hot.ts';
import type { AnyOperation, AttributesOf } from './operation.ts';
import { or } from './or.ts';
import { pad } from './pad.ts';
import { parametricRelu } from './parametric-relu.ts';
import { power } from './power.ts';
import { quantisation } from './quantisation.ts';
import { quantisedConvolution } from './quantised-convolution.ts';
import { quantisedMatrixProduct } from './quantised-matrix-product.ts';
import { range } from './range.ts';
import { reciprocal } from './reciprocal.ts';
import { reduction } from './reduction.ts';
import { relu } from './relu.ts';
import { remainder } from './remainder.ts';
import { resampling } from './resampling.ts';
import { reshape } from './reshape.ts';
import { resize } from './resize.ts';
import { rounding } from './rounding.ts';
import { scaleShift } from './scale-shift.ts';
import { scatterElements } from './scatter-elements.ts';
import { scatterSlices } from './scatter-slices.ts';
import { selection } from './selection.ts';
import { shape } from './shape.ts';
import { shrinkage } from './shrinkage.ts';
import { sigmoid } from './sigmoid.ts';
import { sign } from './sign.ts';
import { sine } from './sine.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { softmaxAlongAxis } from './softmax-along-axis.ts';
import { softplus } from './softplus.ts';
import { softsign } from './softsign.ts';
import { spaceToDepth } from './space-to-depth.ts';
import { split } from './split.ts';
import { squareRoot } from './square-root.ts';
import { squeeze } from './squeeze.ts';
import { subtraction } from './subtraction.ts';
import { sum } from './sum.ts';
import { sumPooling } from './sum-pooling.ts';
import { swish } from './swish.ts';
import { tangent } from './tangent.ts';
import { thresholdedRelu } from './thresholded-relu.ts';
import { tile } from './tile.ts';
import { topK } from './top-k.ts';
import { transpose } from './transpose.ts';
import { transposedConvolution } from './transposed-convolution.ts';
import { triangle } from './triangle.ts';
import { unsqueeze } from './unsqueeze.ts';

export const OPERATIONS = {
  convolution,
  'fully-connected': fullyConnected,
  'max-pooling': maxPooling,
  'average-pooling': averagePooling,
  'global-average-pooling': globalAveragePooling,
  relu,
  clamp,
  softmax,
  'local-response-normalisation': localResponseNormalisation,
  'batch-normalisation': batchNormalisation,
  'scale-shift': scaleShift,
  concatenation,
  addition,
  resize,
  pad,
  dropout,
  identity,
  flatten,
  split,
  transpose,
  sum,
  multiplication,
  sigmoid,
  shape,
  'square-root': squareRoot,
  exponential,
  'exponential-minus-one': exponentialMinusOne,
  logarithm,
  'logarithm-of-one-more': logarithmOfOneMore,
  negation,
  'absolute-value': absoluteValue,
  reciprocal,
  floor,
  ceiling,
  rounding,
  sign,
  sine,
  cosine,
  tangent,
  arcsine,
  arccosine,
  arctangent,
  'arctangent-of-two': arctangentOfTwo,
  'hyperbolic-sine': hyperbolicSine,
  'hyperbolic-cosine': hyperbolicCosine,
  'hyperbolic-tangent': hyperbolicTangent,
  'inverse-hyperbolic-sine': inverseHyperbolicSine,
  'inverse-hyperbolic-cosine': inverseHyperbolicCosine,
  'inverse-hyperbolic-tangent': inverseHyperbolicTangent,
  softsign,
  'is-nan': isNan,
  not,
  'hard-swish': hardSwish,
  subtraction,
  division,
  minimum,
  maximum,
  mean,
  equality,
  greater,
  less,
  'greater-or-equal': greaterOrEqual,
  'less-or-equal': lessOrEqual,
  and,
  or,
  'exclusive-or': exclusiveOr,
  modulo,
  remainder,
  'parametric-relu': parametricRelu,
  'hard-sigmoid': hardSigmoid,
  elu,
  celu,
  'thresholded-relu': thresholdedRelu,
  shrinkage,
  swish,
  softplus,
  mish,
  'error-function': errorFunction,
  gelu,
  'is-infinite': isInfinite,
  power,
  selection,
  clip,
  conversion,
  'conversion-like': conversionLike,
  'convolution-nd': convolutionNd,
  'transposed-convolution': transposedConvolution,
  'max-pooling-nd': maxPoolingNd,
  'average-pooling-nd': averagePoolingNd,
  'norm-pooling': normPooling,
  'sum-pooling': sumPooling,
  'adaptive-average-pooling': adaptiveAveragePooling,
  'global-max-pooling': globalMaxPooling,
  'global-average-pooling-nd': globalAveragePoolingNd,
  'matrix-product': matrixProduct,
  'batch-normalisation-nd': batchNormalisationNd,
  'group-normalisation': groupNormalisation,
  'layer-normalisation': layerNormalisation,
  'norm-normalisation': normNormalisation,
  'softmax-along-axis': softmaxAlongAxis,
  'log-softmax': logSoftmax,
  hardmax,

  // what moves elements, and tells or takes shapes
  reshape,
  'general-flatten': generalFlatten,
  squeeze,
  unsqueeze,
  'axis-reversal': axisReversal,
  'general-concatenation': generalConcatenation,
  'general-split': generalSplit,
  slice,
  'general-pad': generalPad,
  expand,
  tile,
  gather,
  'gather-elements': gatherElements,
  'gather-slices': gatherSlices,
  range,
  'nonzero-indices': nonzeroIndices,
  'element-count': elementCount,
  fill,
  'depth-to-space': depthToSpace,
  'space-to-depth': spaceToDepth,
  'scatter-elements': scatterElements,
  'scatter-slices': scatterSlices,
  'one-hot': oneHot,
  triangle,
  diagonal,
  reduction,
  argmax,
  argmin,
  'top-k': topK,
  'cumulative-sum': cumulativeSum,
  resampling,
  quantisation,
  dequantisation,
  'dynamic-quantisation': dynamicQuantisation,
  'quantised-convolution': quantisedConvolution,
  'quantised-matrix-product': quantisedMatrixProduct,
  'integer-convolution': integerConvolution,
  'integer-matrix-product': integerMatrixProduct,
} as const;

/** The names of the operations that a graph's nodes may have. */
export type OpName = keyof typeof OPERATIONS;

/** The attributes of a node, by its operation. */
export type Attributes = { readonly [O in OpName]: AttributesOf<(typeof OPERATIONS)[O]> };

/** The names, in the order in which errors tell them. */
export const OPS = Object.keys(OPERATIONS) as readonly OpName[];

export function operationOf({ op }: { readonly op: OpName }): AnyOperation {
  return OPERATIONS[op];
}

/** Whether a node is of the operation of this name. */
export function isOf(node: { readonly op: OpName }, op: string): boolean {
  return Object.hasOwn(OPERATIONS, op) && operationOf(node) === OPERATIONS[op as OpName];
}
