/**
 * One row of the benchmark: a network at one batch size, by the default implementation (implicit GEMM) and by the
 * accelerated one (whatever the dispatcher chooses), on one kernel table.
 *
 * 1. Inputs uniform in [−1, 1), made once.
 * 2. A first run of each; their outputs must agree before anything is timed.
 * 3. More dry runs, then measured passes: 5 and 10, as MXNet's benchmark_score.py has it, fewer where the budget is short.
 *
 *        images/s = passes · batch / (the sum of their seconds)
 *
 * A machine's speed drifts by more than the ratio should, so the runs of the two take turns. Where memory does not hold
 * both plans at once, one figure is taken after the other.
 */
import { freemem } from 'node:os';
import { now } from '../../algorithms/algorithm.ts';
import type { Context } from '../../context/context.ts';
import { NnpackError } from '../../errors.ts';
import { newTensor } from '../../layers/staging.ts';
import type { Network } from '../../networks/network.ts';
import { optimize } from '../../networks/optimize.ts';
import { type NetworkOptions, type NodeReport, networkBytes } from '../../networks/plan.ts';
import { type PreparedNetwork, prepareNetwork } from '../../networks/prepare.ts';
import { inferShapes, type Shape } from '../../networks/shapes.ts';
import { megabytes } from '../../tensor/arena.ts';
import { sizeOf, type Tensor } from '../../tensor/ndarray.ts';
import { uniform } from '../../tensor/random.ts';
import type { Score, ScoredNode, ScoreRow, ScoreSettings } from './result.ts';
import { type Figure, finishFigures, startFigure } from './turns.ts';

const SEED = 1;

/** How far the outputs of the two implementations may lie apart, as a part of the greatest element. */
const AGREEMENT = 1e-3;

type Implementation = 'default' | 'accelerated';

export interface ScoreOptions extends Pick<ScoreSettings, 'eligibility' | 'rule' | 'budgetSeconds'> {
  readonly context: Context;
  /** Aborted: the row ends before the next node, and its promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after every node. */
  readonly progress?: () => void;
  /** Milliseconds since some start. */
  readonly clock?: () => number;
}

type Outputs = Record<string, Tensor>;

interface Job extends ScoreOptions {
  readonly network: Network;
  readonly batch: number;
  readonly inputs: Outputs;
  /** What the first run of all gave: the others must agree with it. */
  expected: Outputs | null;
}

/** @throws NnpackError `out-of-memory`, or `invalid-model` where the two implementations disagree */
export async function scoreBatch(
  given: Network,
  batch: number,
  options: ScoreOptions,
): Promise<Pick<ScoreRow, Implementation | 'ratio'>> {
  const network = optimize(given);
  const job: Job = { ...options, network, batch, inputs: randomInputs(network, batch), expected: null };
  const [byDefault, accelerated] = fitTogether(job)
    ? await takeTurns(job, ['default', 'accelerated'])
    : [...(await takeTurns(job, ['default'])), ...(await takeTurns(job, ['accelerated']))];
  return { default: byDefault, accelerated, ratio: accelerated.imagesPerSecond / byDefault.imagesPerSecond };
}

/** Scores implementations that are in memory at once. */
async function takeTurns(job: Job, implementations: readonly Implementation[]): Promise<Score[]> {
  const { progress, signal, budgetSeconds, clock = now } = job;
  const plans: PreparedNetwork[] = [];
  try {
    for (const implementation of implementations) {
      const memoryBytes = roomBytes(job.context);
      plans.push(prepareNetwork(job.network, { ...optionsOf(implementation, job), memoryBytes }));
    }
    const figures: Figure<Outputs>[] = [];
    for (const plan of plans) {
      const run = () => plan.runAsync(job.inputs, { progress, signal });
      const figure = await startFigure(run, budgetSeconds, clock);
      job.expected ??= figure.first;
      expectAgreement(job, job.expected, figure.first);
      figures.push(figure);
    }
    await finishFigures(figures, clock);
    return plans.map((plan, i) => scoreOf(plan, figures[i]));
  } finally {
    for (const plan of plans) plan.dispose();
  }
}

function optionsOf(implementation: Implementation, { context, batch, eligibility, rule }: Job): NetworkOptions {
  return { context, batch, eligibility, rule, algorithm: implementation === 'default' ? 'implicit-gemm' : 'auto' };
}

function fitTogether(job: Job): boolean {
  const bytes = (implementation: Implementation): number => networkBytes(job.network, optionsOf(implementation, job));
  return bytes('default') + bytes('accelerated') <= roomBytes(job.context);
}

/** What plans may take: what the context has left, as far as the machine has it. What it has grown by is its own. */
function roomBytes({ arena }: Context): number {
  return Math.min(arena.availableBytes, machineBytes() + arena.f32.byteLength - arena.usedBytes);
}

/** Bytes that a process can still get; Node before 20.13 does not know a container's limit. */
function machineBytes(): number {
  return process.availableMemory?.() ?? freemem();
}

function randomInputs(network: Network, batch: number): Outputs {
  const { values } = inferShapes(network, undefined, batch);
  const next = uniform(SEED);
  const inputs = network.inputs.map(({ name }) => {
    const shape = [batch, ...(values.get(name) as Shape)];
    const who = `network '${network.name}'`;
    const bytes = 4 * sizeOf(shape);
    if (bytes > machineBytes()) {
      const what = `input '${name}' for a batch of ${batch} takes ${megabytes(bytes)}`;
      throw new NnpackError('out-of-memory', `${who}: ${what}, expected at most ${megabytes(machineBytes())}`);
    }
    const input = newTensor(who, shape);
    for (let i = 0; i < input.data.length; i++) input.data[i] = next();
    return [name, input] as const;
  });
  return Object.fromEntries(inputs);
}

/** A benchmark of wrong results is worth nothing. */
function expectAgreement({ network, batch }: Job, expected: Outputs, got: Outputs): void {
  for (const name of network.outputs) {
    const values = expected[name].data;
    const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const apart = values.reduce((most, value, i) => Math.max(most, Math.abs(value - got[name].data[i])), 0);
    // NaN on either side is no agreement.
    if (apart <= AGREEMENT * greatest) continue;
    const what = `output '${name}' differs by ${apart} from the default implementation's, expected at most ${AGREEMENT} of its greatest element ${greatest}`;
    throw new NnpackError('invalid-model', `network '${network.name}', batch ${batch}: ${what}`);
  }
}

function scoreOf(prepared: PreparedNetwork, { dryRuns, passes, milliseconds }: Figure<Outputs>): Score {
  return {
    imagesPerSecond: (passes * prepared.batch) / (milliseconds / 1e3),
    dryRuns,
    passes,
    parts: prepared.parts,
    nodes: prepared.report().map((node) => scoredNode(node, prepared)),
  };
}

/** Phases are known of the last part alone: all parts are alike, so they stand for the whole. */
function scoredNode(node: NodeReport, { plan }: PreparedNetwork): ScoredNode {
  const { name, op, description, algorithm, multiplyAdds, milliseconds, gflops } = node;
  const profile = plan.profileOf(name);
  const scale = profile !== undefined && profile.total > 0 ? milliseconds / profile.total : 0;
  const inputTransform = scale * (profile?.inputTransform ?? 0);
  const blockMultiplication = scale * (profile?.blockMultiplication ?? 0);
  const outputTransform = scale * (profile?.outputTransform ?? 0);
  const other = Math.max(0, milliseconds - inputTransform - blockMultiplication - outputTransform);
  const phases = { inputTransform, blockMultiplication, outputTransform, other };
  return { name, op, description, algorithm, multiplyAdds, milliseconds, gflops, phases };
}
