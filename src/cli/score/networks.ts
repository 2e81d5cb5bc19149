/** Networks at some batch sizes, one row after another, each printed as soon as it is done. */
import { type Context, createContext } from '../../context/context.ts';
import { NnpackError } from '../../errors.ts';
import type { KernelTableName } from '../../kernels/table.ts';
import { warmUp } from '../../layers/warm-up.ts';
import { buildNetwork } from '../../networks/definitions/index.ts';
import type { NetworkName } from '../../networks/definitions/names.ts';
import { counted, describeMachine } from '../machine.ts';
import type { Output } from '../output.ts';
import { publishedOf } from './published.ts';
import type { ScoreResult, ScoreRow, ScoreSettings } from './result.ts';
import { scoreBatch } from './score.ts';
import { rowLines, rowTable } from './text.ts';
import { ScoreProgress } from './time-left.ts';

/** What is asked for. */
export interface Request extends Pick<ScoreSettings, 'eligibility' | 'rule' | 'budgetSeconds'> {
  readonly networks: readonly NetworkName[];
  readonly batches: readonly number[];
  readonly threads?: number;
  readonly kernels?: 'auto' | KernelTableName;
}

export async function scoreNetworks(request: Request, output: Output<ScoreResult>, signal: AbortSignal): Promise<void> {
  const { threads, kernels } = request;
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
  return `device: cpu, ${counted(threads, 'thread')}, ${kernels} kernels, ${chosen}`;
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
