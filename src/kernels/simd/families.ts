/**
 * The families of emitted kernels. Each is a module of its own, so that a process emits and compiles what it uses: a network
 * of 3×3 convolutions never asks for a Fourier transform.
 */
import type { FunctionReference, Module } from '../../wasm/index.ts';
import { emitArithmetic } from './arithmetic.ts';
import { emitDepthwise } from './depthwise.ts';
import { emitDots } from './dots.ts';
import { isFused, isWide, type SimdTableName, variantOf } from './engine.ts';
import type { SimdExports } from './exports.ts';
import { emitFourier } from './fourier.ts';
import { emitGates } from './gates.ts';
import { emitGemm, emitIndirectGemm } from './gemm.ts';
import { emitHalfDots } from './half-dots.ts';
import { emitLocalResponse } from './local-response.ts';
import { emitPointwise } from './pointwise.ts';
import { emitPooling } from './pooling.ts';
import { emitSoftmax } from './softmax.ts';
import { emitWeights } from './weights.ts';
import { emitWinograd } from './winograd.ts';
import type { Style } from './winograd-vectors.ts';

type Emit = (module: Module, name: SimdTableName) => readonly FunctionReference[];

const styleOf = (name: SimdTableName): Style => ({ isFused: isFused(name), abreast: isWide(name) ? 2 : 1 });

export const FAMILIES = {
  products: (module, name) => emitGemm(module, variantOf(name)),
  indirectProducts: (module, name) => emitIndirectGemm(module, variantOf(name)),
  winograd6: (module, name) => emitWinograd(module, 6, styleOf(name)),
  winograd8: (module, name) => emitWinograd(module, 8, styleOf(name)),
  winograd9: (module, name) => emitWinograd(module, 9, styleOf(name)),
  winograd10: (module, name) => emitWinograd(module, 10, styleOf(name)),
  fourier8: (module, name) => emitFourier(module, 8, styleOf(name).abreast),
  fourier16: (module, name) => emitFourier(module, 16, styleOf(name).abreast),
  pointwise: (module, name) => emitPointwise(module, variantOf(name).multiplyAdd),
  arithmetic: emitArithmetic,
  gates: emitGates,
  weights: emitWeights,
  softmax: emitSoftmax,
  localResponse: (module, name) => emitLocalResponse(module, variantOf(name).multiplyAdd),
  pooling: emitPooling,
  depthwise(module, name) {
    const { multiplyAdd, keepsOrder } = variantOf(name);
    return emitDepthwise(module, multiplyAdd, keepsOrder);
  },
  dots: (module, name) => emitDots(module, variantOf(name).multiplyAdd),
  halfDots: (module, name) => emitHalfDots(module, variantOf(name).multiplyAdd),
} as const satisfies Readonly<Record<string, Emit>>;

export type FamilyName = keyof typeof FAMILIES;

export const FAMILY_NAMES = Object.keys(FAMILIES) as readonly FamilyName[];

/** The exports of a family, bound to one memory. */
export type FamilyExports<Family extends FamilyName> = SimdExports<(typeof FAMILIES)[Family]>;
