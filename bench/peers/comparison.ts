/** One piece of work by us and by the peers, timed in turn in one process; what its ratios should be. */

import { significant } from '../../src/cli/report/html.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
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
} as const;

/** How many times as fast as the peer we should be, by our kernels. */
type PeerGoal = { readonly work: string; readonly peer: PeerName } & Readonly<Partial<Record<KernelTableName, number>>>;

/** The same goal for both tables that are emitted: simd, and in newer engines simd-relaxed. */
function emitted(goal: number) {
  return { simd: goal, 'simd-relaxed': goal };
}

const GOALS: readonly PeerGoal[] = [
  { work: WORK.vgg, peer: 'onnxruntime-node', simd: 0.92, 'simd-relaxed': 1 },
  { work: WORK.vgg, peer: 'onnxruntime-web', scalar: 1, ...emitted(5) },
  { work: WORK.vgg, peer: 'tfjs-backend-wasm', ...emitted(4.5) },
  { work: WORK.vgg, peer: 'tfjs-backend-cpu', scalar: 20 },
  { work: WORK.vggRelaxed, peer: 'onnxruntime-node', simd: 1, 'simd-relaxed': 1.15 },
  { work: WORK.vggBatch, peer: 'onnxruntime-node', ...emitted(1.1) },
  { work: '96→256 5×5 @26', peer: 'onnxruntime-node', ...emitted(2) },
  { work: '96→256 5×5 @26', peer: 'onnxruntime-web', ...emitted(4) },
  { work: '96→256 5×5 @26', peer: 'tfjs-backend-cpu', scalar: 20 },
  ...['256→256 1×1 @28', '192→64 1×1 @28', '3→64 7×7 s2 @224', '3→96 11×11 s4 @224'].flatMap((work): PeerGoal[] => [
    { work, peer: 'onnxruntime-web', ...emitted(1.4) },
    { work, peer: 'tfjs-backend-cpu', scalar: 5 },
  ]),
  { work: 'vgg-16', peer: 'onnxruntime-node', 'simd-relaxed': 1 },
  { work: 'vgg-16', peer: 'onnxruntime-web', 'simd-relaxed': 5 },
  { work: 'alexnet', peer: 'onnxruntime-web', ...emitted(3) },
  { work: 'vgg-11', peer: 'onnxruntime-web', ...emitted(5) },
  { work: 'inception-bn', peer: 'onnxruntime-web', ...emitted(2.5) },
  { work: 'detector of text @640×640', peer: 'onnxruntime-web', ...emitted(1) },
  { work: 'recogniser of text @48×320', peer: 'onnxruntime-web', ...emitted(1) },
  { work: 'espcn @224×224', peer: 'onnxruntime-web', ...emitted(3) },
];

export function goalOf(work: string, peer: PeerName, kernels: KernelTableName): number | undefined {
  return GOALS.find((each) => each.work === work && each.peer === peer)?.[kernels];
}

/** A row for each peer. */
export function rowsOf({ work, how, kernels, node, images, ours, peers }: Comparison): Row[] {
  const rate = (milliseconds: number): number => (images === null ? milliseconds : (1000 * images) / milliseconds);
  const unit = images === null ? 'ms' : 'images/s';
  const what = [work, how, kernels, nameOf(node)].filter((part) => part !== null).join(', ');
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

/** `Node 20` */
export function nameOf(node: string): string {
  return `Node ${node.split('.')[0]}`;
}
