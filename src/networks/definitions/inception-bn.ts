/**
 * Inception with batch normalisation: ten blocks of parallel branches, 69 convolutions, twice the arithmetic of
 * AlexNet with less than a quarter of its weights.
 *
 * A convolution never stands alone. It has a batch normalisation and a ReLU behind it: a unit.
 *
 *     block A: keeps height and width           block B: halves them
 *
 *     1×1                      ─┐
 *     1×1 → 3×3                 ├─ channels     1×1 → 3×3 stride 2          ─┐
 *     1×1 → 3×3 → 3×3           │  side by      1×1 → 3×3 → 3×3 stride 2     ├─ channels side by side
 *     3×3 pooling → 1×1        ─┘  side         3×3 max pooling stride 2    ─┘
 *
 * The 1 × 1 convolutions before the 3 × 3 ones reduce the channels first, so that these cost little; two 3 × 3 stand for
 * the 5 × 5 of the first Inception.
 *
 * Where MXNet's definition differs from the paper: convolutions have biases although a batch normalisation follows; the
 * first two poolings do not hang over the edge (55 and 27 rows, not 56 and 28).
 *
 * Sources: Ioffe & Szegedy 2015, "Batch normalization: accelerating deep network training by reducing internal covariate
 * shift", figure 5; MXNet at 29307c2902, example/image-classification/symbol/inception-bn.py, the path for 224 × 224.
 */
import type { Network } from '../network.ts';
import { type BuildOptions, picture, Value, type Window } from './builder.ts';

const EPSILON = 1e-5 + 1e-10;

export function inceptionBn(options: BuildOptions): Network {
  let x = unit(picture(options), 'conv1', 64, 7, { stride: 2, padding: 3 }); // 64 × 112 × 112
  x = x.maxPooling('pool1', 3, { stride: 2 }); // 64 × 55 × 55
  x = unit(x, 'conv2-reduce', 64, 1);
  x = unit(x, 'conv2', 192, 3, { padding: 1 });
  x = x.maxPooling('pool2', 3, { stride: 2 }); // 192 × 27 × 27
  //             1×1  1×1 → 3×3   1×1 → 3×3 → 3×3  pooling → 1×1
  x = blockA(x, '3a', 64, [64, 64], [64, 96], ['average', 32]); // 256
  x = blockA(x, '3b', 64, [64, 96], [64, 96], ['average', 64]); // 320
  x = blockB(x, '3c', [128, 160], [64, 96]); // 576 × 14 × 14
  x = blockA(x, '4a', 224, [64, 96], [96, 128], ['average', 128]); // 576
  x = blockA(x, '4b', 192, [96, 128], [96, 128], ['average', 128]); // 576
  x = blockA(x, '4c', 160, [128, 160], [128, 160], ['average', 128]); // 608
  x = blockA(x, '4d', 96, [128, 192], [160, 192], ['average', 128]); // 608
  x = blockB(x, '4e', [128, 192], [192, 256]); // 1056 × 7 × 7
  x = blockA(x, '5a', 352, [192, 320], [160, 224], ['average', 128]); // 1024
  x = blockA(x, '5b', 352, [192, 320], [192, 224], ['max', 128]); // 1024
  return x
    .averagePooling('global-pool', 7) // 1024 × 1 × 1
    .flatten('flatten')
    .fullyConnected('fc1', 1000)
    .softmax('softmax')
    .network('inception-bn');
}

/** Channels of the reducing 1 × 1 convolution, and of the 3 × 3 ones behind it. */
type Branch = readonly [reduce: number, channels: number];

function blockA(
  x: Value,
  block: string,
  channels1x1: number,
  branch3x3: Branch,
  branchDouble3x3: Branch,
  [pooling, projection]: readonly ['average' | 'max', number],
): Value {
  const single = unit(x, `${block}/1x1`, channels1x1, 1);
  const three = reduced3x3(x, block, branch3x3, 1);
  const double = reducedDouble3x3(x, block, branchDouble3x3, 1);
  const window = [`${block}/pool`, 3, { padding: 1 }] as const;
  const pooled = pooling === 'max' ? x.maxPooling(...window) : x.averagePooling(...window);
  const projected = unit(pooled, `${block}/proj`, projection, 1);
  return Value.concatenation(`${block}/concat`, [single, three, double, projected]);
}

function blockB(x: Value, block: string, branch3x3: Branch, branchDouble3x3: Branch): Value {
  const three = reduced3x3(x, block, branch3x3, 2);
  const double = reducedDouble3x3(x, block, branchDouble3x3, 2);
  const pooled = x.maxPooling(`${block}/pool`, 3, { stride: 2, padding: 1 });
  return Value.concatenation(`${block}/concat`, [three, double, pooled]);
}

/** 1×1 → 3×3 */
function reduced3x3(x: Value, block: string, [reduce, channels]: Branch, stride: number): Value {
  const reduced = unit(x, `${block}/3x3-reduce`, reduce, 1);
  return unit(reduced, `${block}/3x3`, channels, 3, { stride, padding: 1 });
}

/** 1×1 → 3×3 → 3×3; the stride is the last one's. */
function reducedDouble3x3(x: Value, block: string, [reduce, channels]: Branch, stride: number): Value {
  const reduced = unit(x, `${block}/double-3x3-reduce`, reduce, 1);
  const first = unit(reduced, `${block}/double-3x3-1`, channels, 3, { padding: 1 });
  return unit(first, `${block}/double-3x3-2`, channels, 3, { stride, padding: 1 });
}

/** Convolution `3a/1x1`, batch normalisation `3a/bn-1x1`, ReLU `3a/relu-1x1`. */
function unit(x: Value, name: string, channels: number, size: number, window?: Window): Value {
  const named = (layer: string): string => name.replace(/[^/]+$/, `${layer}-$&`);
  return x.convolution(name, channels, size, window).batchNormalisation(named('bn'), EPSILON).relu(named('relu'));
}
