/**
 * Those declarations of TensorFlow.js 4.22 that the backend needs, so that the package is compiled without it. The script
 * scripts/test-tfjs-core.ts compiles the backend against the packages themselves.
 */
declare module '@tensorflow/tfjs-core' {
  export type DataType = 'float32' | 'int32' | 'bool' | 'complex64' | 'string';
  export type DataId = object;

  export interface TensorInfo {
    dataId: DataId;
    shape: number[];
    dtype: DataType;
  }

  export interface NamedTensorInfoMap {
    [name: string]: TensorInfo | undefined;
  }

  type Attribute = unknown;
  export interface NamedAttrMap {
    [name: string]: Attribute;
  }

  export type KernelFunc = (params: {
    inputs: NamedTensorInfoMap;
    // biome-ignore lint/complexity/noBannedTypes: TensorFlow.js declares it so
    backend: {};
    attrs?: NamedAttrMap;
  }) => TensorInfo | TensorInfo[];

  export interface KernelConfig {
    kernelName: string;
    backendName: string;
    kernelFunc: KernelFunc;
  }

  export function getKernelsForBackend(backendName: string): KernelConfig[];
  export function registerKernel(config: KernelConfig): void;
  export function registerBackend(name: string, factory: () => KernelBackend, priority?: number): boolean;

  export class KernelBackend {
    dispose(): void;
  }

  export class DataStorage<T> {
    get(dataId: DataId): T;
    set(dataId: DataId, value: T): void;
    has(dataId: DataId): boolean;
  }

  type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];
  type Pad = 'valid' | 'same' | number | ExplicitPadding;
  type Rounding = 'floor' | 'round' | 'ceil';
  type Axes = [number, number] | number;
  type Activation = 'linear' | 'relu' | 'prelu' | 'elu' | 'relu6' | 'leakyrelu' | 'sigmoid';

  export interface Conv2DAttrs {
    strides: Axes;
    pad: Pad;
    dataFormat: 'NHWC' | 'NCHW';
    dilations: Axes;
    dimRoundingMode?: Rounding;
  }
  export type DepthwiseConv2dNativeAttrs = Conv2DAttrs;
  export interface FusedConv2DAttrs extends Conv2DAttrs {
    dimRoundingMode: Rounding;
    activation: Activation;
    leakyreluAlpha?: number;
  }
  export type FusedDepthwiseConv2DAttrs = FusedConv2DAttrs;
  export interface Conv2DBackpropFilterAttrs {
    strides: Axes;
    pad: Pad;
    dataFormat: 'NHWC' | 'NCHW';
    dimRoundingMode?: Rounding;
    filterShape: [number, number, number, number];
  }
  export interface Conv2DBackpropInputAttrs {
    strides: Axes;
    pad: Pad;
    dataFormat: 'NHWC' | 'NCHW';
    dimRoundingMode?: Rounding;
    inputShape: [number, number, number, number];
  }
  export interface MaxPoolAttrs {
    filterSize: Axes;
    strides: Axes;
    pad: Pad;
    dimRoundingMode?: Rounding;
  }
  export interface BatchMatMulAttrs {
    transposeA: boolean;
    transposeB: boolean;
  }
  export interface _FusedMatMulAttrs extends BatchMatMulAttrs {
    activation: Activation;
    leakyreluAlpha?: number;
  }
  export interface MeanAttrs {
    axis: number | number[];
    keepDims: boolean;
  }
  export interface LeakyReluAttrs {
    alpha: number;
  }
  export interface LRNAttrs {
    depthRadius: number;
    bias: number;
    alpha: number;
    beta: number;
  }
  export interface ConcatAttrs {
    axis: number;
  }
  export interface PadV2Attrs {
    paddings: [number, number][];
    constantValue: number;
  }
  export interface ResizeBilinearAttrs {
    alignCorners: boolean;
    halfPixelCenters: boolean;
    size: [number, number];
  }

  export namespace backend_util {
    type BackendValues = Float32Array | Int32Array | Uint8Array | Uint8Array[];

    interface Conv2DInfo {
      batchSize: number;
      inHeight: number;
      inWidth: number;
      inChannels: number;
      outHeight: number;
      outWidth: number;
      outChannels: number;
      dataFormat: 'channelsFirst' | 'channelsLast';
      strideHeight: number;
      strideWidth: number;
      dilationHeight: number;
      dilationWidth: number;
      filterHeight: number;
      filterWidth: number;
      effectiveFilterHeight: number;
      effectiveFilterWidth: number;
      padInfo: { top: number; left: number; right: number; bottom: number };
      outShape: [number, number, number, number];
    }

    function computeConv2DInfo(
      inShape: [number, number, number, number],
      filterShape: [number, number, number, number],
      strides: Axes,
      dilations: Axes,
      pad: Pad,
      roundingMode?: Rounding,
      depthwise?: boolean,
      dataFormat?: 'channelsFirst' | 'channelsLast',
    ): Conv2DInfo;
    function computePool2DInfo(
      inShape: [number, number, number, number],
      filterSize: Axes,
      strides: Axes,
      dilations: Axes,
      pad: Pad,
      roundingMode?: Rounding,
    ): Conv2DInfo;
  }
}

declare module '@tensorflow/tfjs-backend-cpu' {
  import type { backend_util, DataId, DataStorage, DataType, KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

  interface TensorData<D extends DataType> {
    values?: backend_util.BackendValues;
    dtype: D;
    complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
    refCount: number;
  }

  export class MathBackendCPU extends KernelBackend {
    data: DataStorage<TensorData<DataType>>;
    write(values: backend_util.BackendValues, shape: number[], dtype: DataType): DataId;
    disposeData(dataId: DataId, force?: boolean): boolean;
  }
}
