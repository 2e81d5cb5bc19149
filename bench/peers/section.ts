/** Our convolutions against other engines, and against our own implicit GEMM, layer by layer. */
import { type OurConvolution, ourConvolution } from '../../src/cli/bench/convolution.ts';
import {
  allLayers,
  type ConvolutionLayer,
  type LayerProblem,
  operations,
  problem,
  vgg16Layers,
} from '../../src/cli/bench/layers.ts';
import type { Row } from '../../src/cli/bench/result.ts';
import {
  type Bench,
  type Contestant,
  contest,
  gflops,
  type Section,
  THOROUGH,
  withContext,
} from '../../src/cli/bench/section.ts';
import { type Measurement, ratio } from '../../src/cli/bench/statistics.ts';
import { loadPeers, type PeerConvolution, type PeerEngine, PeersNotInstalled } from './engines.ts';

/** Of VGG-16's thirteen convolutions, summed. */
const GOALS: Readonly<Record<string, number>> = { 'implicit-gemm': 3, 'tfjs-backend-cpu': 20, 'onnxruntime-web': 1 };

export const peers: Section = {
  name: 'peers',
  what: 'layers against other engines and our own implicit GEMM, one thread',
  seconds: 300,
  steps: allLayers.map(operations),
  async run(bench) {
    const engines = await peersOrNone();
    bench.found.packages.push(...engines.map(({ name, version }) => ({ name, version })));
    // Milliseconds of the whole of VGG-16: ours, and those of each other by its name.
    let total = 0;
    const totals = new Map<string, number>();
    await withContext({ threads: 1 }, async (context) => {
      for (const layer of allLayers) {
        bench.step(layer.name);
        const data = problem(layer);
        // Peers read and write arrays of their own, so we do as well.
        const ours = ourConvolution(context, data, 'auto', true);
        const gemm = ourConvolution(context, data, 'implicit-gemm', true);
        const [mine, ...others] = await against(engines, data, ours, gemm, bench.signal);
        ours.dispose();
        gemm.dispose();
        for (const other of others) bench.found.rows.push(layerRow(layer, mine, other));
        if (!vgg16Layers.includes(layer)) continue;
        total += layer.occurrences * mine.median;
        for (const { name, median } of others) {
          totals.set(name, (totals.get(name) ?? 0) + layer.occurrences * median);
        }
      }
    });
    for (const [name, sum] of totals) bench.found.rows.push(totalRow(total, name, sum));
  },
};

async function peersOrNone(): Promise<PeerEngine[]> {
  try {
    return await loadPeers();
  } catch (error) {
    if (!(error instanceof PeersNotInstalled)) throw error;
    console.error(error.message);
    return [];
  }
}

/** Ours first, then implicit GEMM, then the peers. */
async function against(
  engines: readonly PeerEngine[],
  data: LayerProblem,
  ours: OurConvolution,
  gemm: OurConvolution,
  signal: Bench['signal'],
): Promise<Measurement[]> {
  const theirs = await Promise.all(engines.map((engine) => engine.convolution(data)));
  try {
    const candidates = theirs.map((peer, i) => asContestant(engines[i].name, peer));
    return await contest([ours, gemm, ...candidates], THOROUGH, signal);
  } finally {
    for (const peer of theirs) peer.dispose();
  }
}

function asContestant(name: string, peer: PeerConvolution): Contestant {
  return { name, time: () => peer.time(), result: () => peer.run() };
}

function layerRow(layer: ConvolutionLayer, mine: Measurement, other: Measurement): Row {
  return {
    what: `${layer.name}, ${mine.name}, ${gflops(layer, mine.median).toFixed(1)} GFLOP/s`,
    value: mine.median,
    unit: 'ms',
    against: other.name,
    ratio: ratio(other, mine).ratio,
    goal: other.name === 'tfjs-backend-cpu' ? tensorFlowGoal(layer) : undefined,
  };
}

/** VGG-16's layers have a goal together. */
function tensorFlowGoal(layer: ConvolutionLayer): Row['goal'] {
  if (vgg16Layers.includes(layer)) return undefined;
  return { atLeast: layer.kernelSize === 5 ? 20 : 5 };
}

function totalRow(total: number, against: string, sum: number): Row {
  return {
    what: 'VGG-16, thirteen convolutions, summed',
    value: total,
    unit: 'ms',
    against,
    ratio: sum / total,
    goal: { atLeast: GOALS[against] },
  };
}
