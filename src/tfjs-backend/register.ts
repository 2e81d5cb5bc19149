/** The kernels of the backend: ours, and behind them and beside them those of TensorFlow.js's own for JavaScript. */
import '@tensorflow/tfjs-backend-cpu';
import {
  getKernelsForBackend,
  type KernelConfig,
  type KernelFunc,
  registerBackend,
  registerKernel,
} from '@tensorflow/tfjs-core';
import { defaultContext } from '../context/context.ts';
import { NnpackBackend } from './backend.ts';
import { CONVOLUTION } from './convolution.ts';
import { CONVOLUTION_GRADIENTS } from './convolution-gradients.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { type AnyKernel, refusesTensors } from './kernel.ts';
import { MATRICES } from './matrices.ts';
import { MOVING } from './moving.ts';
import { NORMALISATION } from './normalisation.ts';
import { POOLING } from './pooling.ts';
import { RESIZE } from './resize.ts';
import { Room } from './room.ts';
import type { CallCounter } from './statistics.ts';

const NAME = 'nnpack';

/** Behind those of graphics cards (webgl 2, webgpu 3) and above that of plain JavaScript (cpu 1), which it is in place of. */
const PRIORITY = 1;

/** The rule of what we have no kernel for. */
const NO_KERNEL = 'no kernel of ours';

export const KERNELS: readonly AnyKernel[] = [
  ...CONVOLUTION,
  ...CONVOLUTION_GRADIENTS,
  ...POOLING,
  ...MATRICES,
  ...ELEMENTWISE,
  ...NORMALISATION,
  ...RESIZE,
  ...MOVING,
];

/** Registers the backend and its kernels with TensorFlow.js. */
export function registerNnpack(counter: CallCounter): void {
  const ours = new Map(KERNELS.map((kernel) => [kernel.name, kernel]));
  for (const config of getKernelsForBackend('cpu')) {
    const kernel = ours.get(config.kernelName);
    const kernelFunc = kernel === undefined ? counted(config, counter) : accelerated(kernel, config, counter);
    registerKernel({ ...config, backendName: NAME, kernelFunc });
  }
  registerBackend(NAME, () => new NnpackBackend(defaultContext()), PRIORITY);
}

function counted({ kernelName, kernelFunc }: KernelConfig, counter: CallCounter): KernelFunc {
  return (call) => {
    counter.count(kernelName, 'others', NO_KERNEL);
    return kernelFunc(call);
  };
}

function accelerated(kernel: AnyKernel, { kernelFunc }: KernelConfig, counter: CallCounter): KernelFunc {
  const { name } = kernel;
  return (call) => {
    const backend = call.backend as NnpackBackend;
    const { inputs, attrs = {} } = call;
    const refusal = refusesTensors(inputs) ?? kernel.refuses?.(inputs, attrs, { backend }) ?? null;
    if (refusal !== null) {
      counter.count(name, 'others', refusal);
      return kernelFunc(call);
    }
    let how = 'kernels';
    const tell = (algorithm: string): void => {
      how = algorithm;
    };
    const result = Room.during(backend, name, (room) => kernel.run({ inputs, attrs, room, tell }));
    counter.count(name, 'accelerated', how);
    return result;
  };
}
