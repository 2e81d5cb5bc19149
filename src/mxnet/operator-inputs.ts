/** What operators read beside their data: arrays that are learnt, and labels, which only training reads. */
import type { SymbolNode } from './symbol.ts';

const BATCH_NORM = ['gamma', 'beta', 'moving_mean', 'moving_var'];

/** The inputs behind the first, by MXNet's names. */
const LEARNT: ReadonlyMap<string, readonly string[]> = new Map([
  ['Convolution', ['weight', 'bias']],
  ['Convolution_v1', ['weight', 'bias']],
  ['Deconvolution', ['weight', 'bias']],
  ['FullyConnected', ['weight', 'bias']],
  ['BatchNorm', BATCH_NORM],
  ['BatchNorm_v1', BATCH_NORM],
  ['_contrib_SyncBatchNorm', BATCH_NORM],
  ['_contrib_BatchNormWithReLU', BATCH_NORM],
  ['InstanceNorm', ['gamma', 'beta']],
  ['LayerNorm', ['gamma', 'beta']],
  ['GroupNorm', ['gamma', 'beta']],
  ['LeakyReLU', ['gamma']],
  ['Embedding', ['weight']],
]);

/** Losses, whose second input is what training compares with. */
const LABELLED: ReadonlySet<string> = new Set([
  'SoftmaxOutput',
  'Softmax',
  'LinearRegressionOutput',
  'LogisticRegressionOutput',
  'MAERegressionOutput',
  'SVMOutput',
]);

/** The names of the arrays that an operator learns: its inputs behind the first. */
export function learntInputs({ op, attributes }: SymbolNode): readonly string[] {
  // Only the bilinear one has a weight, where others scale further inputs.
  if (op === 'UpSampling') return attributes.get('sample_type') === 'bilinear' ? ['weight'] : [];
  return LEARNT.get(op) ?? [];
}

/** The inputs that count outside of training. */
export function readInputs({ op, inputs }: SymbolNode): SymbolNode['inputs'] {
  return LABELLED.has(op) ? inputs.slice(0, 1) : inputs;
}

/** Which nodes the network's outputs depend on, outside of training. */
export function liveNodes({
  nodes,
  outputs,
}: {
  readonly nodes: readonly SymbolNode[];
  readonly outputs: SymbolNode['inputs'];
}): readonly boolean[] {
  const live = nodes.map(() => false);
  for (const [node] of outputs) live[node] = true;
  // Each node stands after those that it reads.
  for (let i = nodes.length - 1; i >= 0; i--) if (live[i]) for (const [from] of readInputs(nodes[i])) live[from] = true;
  return live;
}
