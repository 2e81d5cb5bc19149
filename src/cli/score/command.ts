/** `nnpack-ts score`: MXNet's benchmark_score.py, for the default implementation and the accelerated one in one run. */
import { RULES } from '../../dispatch/rule-names.ts';
import { KERNEL_TABLES } from '../../kernels/table.ts';
import { NETWORK_NAMES, type NetworkName } from '../../networks/definitions/names.ts';
import { listOf, oneOf, positive, readOneOf, readWhole, whole } from '../arguments.ts';
import type { Command, Given } from '../command.ts';
import { HTML_OPTION, JSON_OPTION, outputOf } from '../output.ts';
import type { Request } from './networks.ts';
import type { ScoreResult } from './result.ts';

/** The networks of MXNet's document. */
const NETWORKS: readonly NetworkName[] = ['alexnet', 'vgg-11', 'inception-bn'];
const BATCHES = [1, 2, 4, 8, 16];
const BUDGET_SECONDS = 30;

export const score: Command = {
  name: 'score',
  summary: "MXNet's benchmark_score.py: images a second of whole networks, and the speed-up that was published.",
  options: {
    networks: { value: 'LIST', help: `of ${NETWORK_NAMES.join(', ')} (${NETWORKS.join(',')})` },
    batch: { value: 'LIST', help: `batch sizes (${BATCHES.join(',')})` },
    threads: { value: 'N', help: 'threads to compute with (as many as cores)' },
    kernels: { value: 'NAME', help: `the kernel table: auto, ${KERNEL_TABLES.join(', ')} (auto)` },
    eligibility: {
      value: 'WHICH',
      help: 'documented or all: which layers may leave the default implementation (all)',
    },
    rule: {
      value: 'NAME',
      help: "of the accelerated one: fastest, nnpack for NNPACK's own choices, or measured for a trial of each layer, which Ctrl-C does not stop (fastest)",
    },
    budget: {
      value: 'SECONDS',
      help: `the most that one figure may take (${BUDGET_SECONDS}); 5 dry runs and 10 passes where it allows, at least one of each`,
    },
    json: JSON_OPTION,
    html: HTML_OPTION,
  },
  examples: [
    ['nnpack-ts score', "the networks of MXNet's document, batches of 1 to 16"],
    ['nnpack-ts score --networks vgg-16 --batch 1,4 --threads 4', 'one network, two batch sizes, four threads'],
    ['nnpack-ts score --eligibility documented --html score.html', 'as MXNet dispatches, with a page of plots'],
  ],
  async run(given, signal) {
    const request = requestOf(given);
    const page = async () => (await import('../report/score-page.ts')).scorePage;
    const output = await outputOf<ScoreResult>(given, { page });
    const { scoreNetworks } = await import('./networks.ts');
    await scoreNetworks(request, output, signal);
  },
};

function requestOf(given: Given): Request {
  return {
    networks: listOf(given, 'networks', readOneOf(NETWORK_NAMES)) ?? NETWORKS,
    batches: listOf(given, 'batch', readWhole) ?? BATCHES,
    threads: whole(given, 'threads'),
    kernels: oneOf(given, 'kernels', ['auto', ...KERNEL_TABLES] as const),
    eligibility: oneOf(given, 'eligibility', ['documented', 'all'] as const) ?? 'all',
    rule: oneOf(given, 'rule', RULES) ?? 'fastest',
    budgetSeconds: positive(given, 'budget') ?? BUDGET_SECONDS,
  };
}
