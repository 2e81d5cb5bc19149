/** `nnpack-ts score`: MXNet's benchmark_score.py, for the default implementation and the accelerated one in one run. */

import { type Context, createContext } from '../../context/context.ts';
import { RULES } from '../../dispatch/rule-names.ts';
import { NnpackError } from '../../errors.ts';
import { KERNEL_TABLES, type KernelTableName } from '../../kernels/table.ts';
import { warmUp } from '../../layers/warm-up.ts';
import { buildNetwork } from '../../networks/definitions/index.ts';
import { NETWORK_NAMES, type NetworkName } from '../../networks/definitions/names.ts';
import { listOf, oneOf, positive, readOneOf, readWhole, whole } from '../arguments.ts';
import type { Command, Given } from '../command.ts';
import { describeMachine } from '../machine.ts';
import { HTML_OPTION, JSON_OPTION, type Output, outputOf } from '../output.ts';
import { publishedOf } from './published.ts';
import type { ScoreResult, ScoreRow, ScoreSettings } from './result.ts';
import { scoreBatch } from './score.ts';
import { rowLines, rowTable } from './text.ts';
import { ScoreProgress } from './time-left.ts';

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
    const { threads, kernels } = request;
    const page = async () => (await import('../report/score-page.ts')).scorePage;
    const output = await outputOf<ScoreResult>(given, { page });
    const context = await createContext({ threads, kernels });
    const settings = settingsOf(request, context);
    const rows: ScoreRow[] = [];
    let failure: unknown = null;
    try {
      await scoreAll(request, settings, context, signal, rows, output);
    } catch (error) {
      failure = error;
    } finally {
      context.dispose();
    }
    // Neither Ctrl-C nor a network too large loses the rows before it.
    if (rows.length > 0) {
      output.say(rowTable(rows));
      await output.write({ machine: describeMachine(), settings, rows, stopped: failure !== null });
    } else if (signal.aborted) console.error('no row was finished');
    if (failure !== null) throw failure;
  },
};

interface Request extends Pick<ScoreSettings, 'eligibility' | 'rule' | 'budgetSeconds'> {
  readonly networks: readonly NetworkName[];
  readonly batches: readonly number[];
  readonly threads?: number;
  readonly kernels?: 'auto' | KernelTableName;
}

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

function settingsOf({ eligibility, rule, budgetSeconds }: Request, context: Context): ScoreSettings {
  const { threads, kernels } = context.describe();
  return { threads, kernels, eligibility, rule, budgetSeconds };
}

/** Prints and adds a row as soon as it is done. */
async function scoreAll(
  { networks, batches }: Request,
  settings: ScoreSettings,
  context: Context,
  signal: AbortSignal,
  rows: ScoreRow[],
  output: Output<ScoreResult>,
): Promise<void> {
  const jobs = networks.flatMap((network) => batches.map((batch) => ({ network, batch })));
  const bar = new ScoreProgress(jobs, rows, settings);
  const say = (text: string): void => {
    bar.clear();
    output.say(text);
  };
  const scoreNetwork = async (name: NetworkName): Promise<void> => {
    const network = buildNetwork(name);
    for (const batch of batches) {
      bar.beginRow();
      const progress = () => bar.update();
      const row = await scoreBatch(network, batch, { ...settings, context, signal, progress });
      rows.push({ network: name, batch, ...row, published: publishedOf(name, batch) });
      say(rowLines(rows[rows.length - 1]));
    }
  };
  // Why there are fewer threads, or slower memory, than asked for.
  for (const reason of context.describe().reasons) say(reason);
  warmUp(context);
  for (const name of networks) {
    say(`network: ${name}\n${deviceLine(settings)}`);
    try {
      await scoreNetwork(name);
    } catch (error) {
      throw withAdvice(error, name);
    } finally {
      bar.clear();
    }
  }
}

function deviceLine({ threads, kernels, eligibility, rule }: ScoreSettings): string {
  const chosen = `eligibility ${eligibility}, rule ${rule}`;
  return `device: cpu, ${threads === 1 ? '1 thread' : `${threads} threads`}, ${kernels} kernels, ${chosen}`;
}

/** Memory that is short is what the user can do something about. */
function withAdvice(error: unknown, network: NetworkName): unknown {
  const isShort =
    (error instanceof NnpackError && error.code === 'out-of-memory') ||
    (error instanceof RangeError && /allocation failed|Invalid typed array length/.test(error.message));
  if (!isShort) return error;
  const who = error instanceof NnpackError ? '' : `network '${network}': `;
  const advice = `ask for smaller batches, or leave ${network} out of --networks`;
  return new NnpackError('out-of-memory', `${who}${error.message}; ${advice}`, { cause: error });
}
