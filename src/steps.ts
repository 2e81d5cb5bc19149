/** Every step of the package, so that a worker finds each by its name. */
import { depthwiseStep } from './algorithms/depthwise.ts';
import { directStep } from './algorithms/direct.ts';
import { inputChannelsStep, kernelPanelStep, outputChannelsStep } from './algorithms/fast-convolution-channels.ts';
import { inputStep, kernelStep, multiplyStep, outputStep } from './algorithms/fast-convolution-steps.ts';
import { implicitGemmStep } from './algorithms/implicit-gemm.ts';
import { referenceStep } from './algorithms/reference.ts';
import {
  fullyConnectedDotsStep,
  fullyConnectedExpandStep,
  fullyConnectedGemmStep,
  fullyConnectedTransposeStep,
} from './layers/fully-connected-program.ts';
import {
  activationStep,
  additionStep,
  arithmeticStep,
  averagePoolingStep,
  concatenationStep,
  gateStep,
  localResponseStep,
  maxPoolingStep,
  mirrorStep,
  resizeStep,
  scaleShiftStep,
  softmaxStep,
  surroundStep,
} from './layers/steps.ts';
import type { Step } from './threads/step.ts';

const ALL: readonly Step[] = [
  depthwiseStep,
  directStep,
  implicitGemmStep,
  inputStep,
  inputChannelsStep,
  kernelStep,
  kernelPanelStep,
  multiplyStep,
  outputStep,
  outputChannelsStep,
  referenceStep,
  activationStep,
  additionStep,
  arithmeticStep,
  averagePoolingStep,
  concatenationStep,
  fullyConnectedDotsStep,
  fullyConnectedExpandStep,
  fullyConnectedGemmStep,
  fullyConnectedTransposeStep,
  gateStep,
  localResponseStep,
  maxPoolingStep,
  mirrorStep,
  resizeStep,
  scaleShiftStep,
  softmaxStep,
  surroundStep,
];

export const STEPS: ReadonlyMap<string, Step> = new Map(ALL.map((step) => [step.name, step]));
