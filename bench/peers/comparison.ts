/** One piece of work by us and by the peers, timed in turn in one process; what its ratios should be. */

import { cpus } from 'node:os';
import { significant } from '../../src/cli/report/html.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
import { kindLayers } from '../layers.ts';
import type { Row } from '../result.ts';
import type { PeerName } from './engine.ts';

export interface Comparison {
  /** `64→64 @224`; one of {@link WORK} where several layers or a network are meant. */
  readonly work: string;
  /** What we ran: an algorithm, or nothing where there are many. */
  readonly how: string | null;
  readonly kernels: KernelTableName;
  /** The version of Node. */
  readonly node: string;
  /** Whether that was started with V8's flag for vectors of 256 bits. */
  readonly flagged?: boolean;
  /** The images of a time that is shown as images a second; null for one that is shown in milliseconds. */
  readonly images: number | null;
  /** Milliseconds, the median. */
  readonly ours: number;
  readonly peers: readonly { readonly name: PeerName; readonly milliseconds: number }[];
}

/** Pieces of work that are more than one layer. */
export const WORK = {
  vgg: 'VGG-16, thirteen convolutions',
  vggRelaxed: 'VGG-16, thirteen convolutions, accuracy relaxed',
  vggBatch: 'VGG-16, thirteen convolutions, batch 8',
  vggCalls: 'VGG-16, thirteen convolutions, one-off calls',
  upscaler: "UpscalerJS's default network @128×128, our backend of TensorFlow.js",
  backendMobileNet: 'MobileNet-v2, our backend of TensorFlow.js',
} as const;

type TableName = KernelTableName | 'simd-wide' | 'simd-relaxed-wide';

/** How many times as fast as the peer we should be, by our kernels. */
type PeerGoal = { readonly work: string; readonly peer: PeerName } & Readonly<Partial<Record<TableName, number>>>;

/** Goals that differ by processor: one whose native code has AVX-512, and an EPYC. */
const IS_EPYC = /EPYC/.test(cpus()[0]?.model ?? '');
const onProcessor = (xeon: number, epyc: number): number => (IS_EPYC ? epyc : xeon);

/** The same goal for both tables that are emitted: simd, and in newer engines simd-relaxed. */
function emitted(goal: number) {
  return { simd: goal, 'simd-relaxed': goal };
}

function wide(goal: number) {
  return { 'simd-wide': goal, 'simd-relaxed-wide': goal };
}

const DEPTHWISE = kindLayers.filter(({ groups, kernelSize }) => groups > 32 && kernelSize < 31);
const STRIDED = kindLayers.filter(({ groups, stride }) => groups === 1 && stride === 2);
const POINTWISE = kindLayers.filter(({ kernelSize }) => kernelSize === 1);
const DILATED = kindLayers.filter(({ dilation }) => dilation > 1);

const GOALS: readonly PeerGoal[] = [
  {
    work: WORK.vgg,
    peer: 'onnxruntime-node',
    simd: 0.92,
    'simd-relaxed': 1,
    'simd-relaxed-wide': onProcessor(1.25, 2.6),
  },
  { work: WORK.vgg, peer: 'onnxruntime-web', scalar: 1, ...emitted(5), 'simd-relaxed-wide': onProcessor(6, 9) },
  { work: WORK.vgg, peer: 'nnpack', 'simd-relaxed-wide': 1.2 },
  { work: WORK.vggCalls, peer: 'nnpack, one-off', 'simd-relaxed-wide': 1.1 },
  { work: WORK.vgg, peer: 'tfjs-backend-wasm', ...emitted(4.5) },
  { work: WORK.vgg, peer: 'tfjs-backend-cpu', scalar: 20 },
  {
    work: WORK.vggRelaxed,
    peer: 'onnxruntime-node',
    simd: 1,
    'simd-relaxed': 1.15,
    'simd-relaxed-wide': onProcessor(1.4, 2.9),
  },
  { work: WORK.vggBatch, peer: 'onnxruntime-node', ...emitted(1.1) },
  { work: '96→256 5×5 @26', peer: 'onnxruntime-node', ...emitted(2) },
  { work: '96→256 5×5 @26', peer: 'onnxruntime-web', ...emitted(4) },
  { work: '96→256 5×5 @26', peer: 'tfjs-backend-cpu', scalar: 20 },
  ...['256→256 1×1 @28', '192→64 1×1 @28', '3→64 7×7 s2 @224', '3→96 11×11 s4 @224'].flatMap((work): PeerGoal[] => [
    { work, peer: 'onnxruntime-web', ...emitted(1.4) },
    { work, peer: 'tfjs-backend-cpu', scalar: 5 },
  ]),
  ...DEPTHWISE.flatMap(({ name: work }): PeerGoal[] => [
    { work, peer: 'tfjs-backend-wasm', ...emitted(1.3) },
    { work, peer: 'onnxruntime-web', ...emitted(2.5) },
  ]),
  { work: 'depthwise 31×31, 128 @56', peer: 'onnxruntime-node', ...emitted(0.8), ...wide(0.8) },
  ...DILATED.map(({ name: work }): PeerGoal => ({ work, peer: 'onnxruntime-web', ...emitted(3.5), ...wide(3.5) })),
  ...[...new Set([...STRIDED, ...POINTWISE])].map(
    ({ name: work }): PeerGoal => ({ work, peer: 'onnxruntime-web', 'simd-relaxed': onProcessor(1.8, 2.3) }),
  ),
  ...['MobileNet-v2', 'ResNet-50'].flatMap((work): PeerGoal[] => [
    { work, peer: 'onnxruntime-web', ...emitted(1.5), ...wide(2.2) },
    { work, peer: 'tfjs-backend-wasm', ...emitted(1.3), ...wide(2) },
  ]),
  { work: WORK.upscaler, peer: 'tfjs-backend-cpu', scalar: 10 },
  { work: WORK.upscaler, peer: 'tfjs-backend-wasm', ...emitted(3), ...wide(3) },
  { work: WORK.backendMobileNet, peer: 'tfjs-backend-wasm', ...emitted(1.2), ...wide(1.2) },
  { work: 'vgg-16', peer: 'onnxruntime-node', 'simd-relaxed': 1 },
  { work: 'vgg-16', peer: 'onnxruntime-web', 'simd-relaxed': 5 },
  { work: 'alexnet', peer: 'onnxruntime-web', ...emitted(3) },
  { work: 'vgg-11', peer: 'onnxruntime-web', ...emitted(5) },
  { work: 'inception-bn', peer: 'onnxruntime-web', ...emitted(2.5) },
  { work: 'detector of text @640×640', peer: 'onnxruntime-web', ...emitted(1.5) },
  { work: 'recogniser of text @48×320', peer: 'onnxruntime-web', ...emitted(1.5) },
  { work: 'espcn @224×224', peer: 'onnxruntime-web', ...emitted(3) },
];

export function goalOf(work: string, peer: PeerName, kernels: TableName): number | undefined {
  return GOALS.find((each) => each.work === work && each.peer === peer)?.[kernels];
}

/** A row for each peer. */
export function rowsOf({ work, how, kernels, node, flagged, images, ours, peers }: Comparison): Row[] {
  const rate = (milliseconds: number): number => (images === null ? milliseconds : (1000 * images) / milliseconds);
  const unit = images === null ? 'ms' : 'images/s';
  const what = [work, how, kernels, nameOf(node, flagged)].filter((part) => part !== null).join(', ');
  return peers.map(({ name, milliseconds }) => {
    const atLeast = goalOf(work, name, kernels);
    return {
      what,
      value: rate(ours),
      unit,
      against: `${name}, ${significant(rate(milliseconds))} ${unit}`,
      ratio: milliseconds / ours,
      goal: atLeast === undefined ? undefined : { atLeast },
    };
  });
}

/** `Node 20`, `Node 26, 256 bits` */
export function nameOf(node: string, flagged = false): string {
  return `Node ${node.split('.')[0]}${flagged ? ', 256 bits' : ''}`;
}
