/** One piece of work by us and by the peers, timed in turn in one process; what its ratios should be. */
import type { Row } from '../../src/cli/bench/result.ts';
import { significant } from '../../src/cli/report/html.ts';
import type { KernelTableName } from '../../src/kernels/table.ts';
import type { PeerName } from './engines.ts';

export interface Comparison {
  /** `64→64 @224`; one of {@link WORK} where several layers or a network are meant. */
  readonly work: string;
  /** What we ran: an algorithm, or nothing where there are many. */
  readonly how: string | null;
  readonly kernels: KernelTableName;
  /** The version of Node. */
  readonly node: string;
  /** How a time is told: milliseconds, or with a number of images as images a second. */
  readonly images: number | null;
  /** Milliseconds, the median. */
  readonly ours: number;
  readonly peers: readonly { readonly name: PeerName; readonly milliseconds: number }[];
}

/** What is more than one layer. */
export const WORK = {
  vgg: 'VGG-16, thirteen convolutions',
  vggRelaxed: 'VGG-16, thirteen convolutions, accuracy relaxed',
  vggBatch: 'VGG-16, thirteen convolutions, batch 8',
} as const;

/** How many times as fast as the peer we should be: with the kernels of a newer engine, simd-relaxed, and with simd. */
interface PeerGoal {
  readonly work: string;
  readonly peer: PeerName;
  readonly relaxed: number;
  readonly simd?: number;
}

const GOALS: readonly PeerGoal[] = [
  { work: WORK.vgg, peer: 'onnxruntime-node', relaxed: 1, simd: 0.92 },
  { work: WORK.vgg, peer: 'onnxruntime-web', relaxed: 5, simd: 5 },
  { work: WORK.vgg, peer: 'tfjs-backend-wasm', relaxed: 4.5, simd: 4.5 },
  { work: WORK.vgg, peer: 'tfjs-backend-cpu', relaxed: 20, simd: 20 },
  { work: WORK.vggRelaxed, peer: 'onnxruntime-node', relaxed: 1.15, simd: 1 },
  { work: WORK.vggBatch, peer: 'onnxruntime-node', relaxed: 1.1, simd: 1.1 },
  { work: '96→256 5×5 @26', peer: 'onnxruntime-node', relaxed: 2, simd: 2 },
  { work: '96→256 5×5 @26', peer: 'onnxruntime-web', relaxed: 4, simd: 4 },
  { work: '256→256 1×1 @28', peer: 'onnxruntime-web', relaxed: 1.4, simd: 1.4 },
  { work: '192→64 1×1 @28', peer: 'onnxruntime-web', relaxed: 1.4, simd: 1.4 },
  { work: '3→64 7×7 s2 @224', peer: 'onnxruntime-web', relaxed: 1.4, simd: 1.4 },
  { work: '3→96 11×11 s4 @224', peer: 'onnxruntime-web', relaxed: 1.4, simd: 1.4 },
  { work: 'vgg-16', peer: 'onnxruntime-node', relaxed: 1 },
  { work: 'vgg-16', peer: 'onnxruntime-web', relaxed: 5 },
  { work: 'alexnet', peer: 'onnxruntime-web', relaxed: 3, simd: 3 },
  { work: 'vgg-11', peer: 'onnxruntime-web', relaxed: 5, simd: 5 },
  { work: 'inception-bn', peer: 'onnxruntime-web', relaxed: 2.5, simd: 2.5 },
];

/** Typed arrays have no goals here. */
export function goalOf(work: string, peer: PeerName, kernels: KernelTableName): number | undefined {
  const goal = GOALS.find((each) => each.work === work && each.peer === peer);
  if (kernels === 'simd-relaxed') return goal?.relaxed;
  return kernels === 'simd' ? goal?.simd : undefined;
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
