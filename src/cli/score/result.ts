/** What `score` finds, as data: what `--json` writes, and what the table and the page of plots are made from. */
import type { Rule } from '../../dispatch/rule-names.ts';
import type { NetworkName } from '../../networks/definitions/names.ts';
import type { NodeReport } from '../../networks/plan.ts';
import type { Machine } from '../machine.ts';

export interface ScoreResult {
  readonly machine: Machine;
  readonly settings: ScoreSettings;
  /** Rows that were finished; fewer than asked for when stopped. */
  readonly rows: readonly ScoreRow[];
  readonly stopped: boolean;
}

export interface ScoreSettings {
  readonly threads: number;
  readonly kernels: string;
  readonly eligibility: 'documented' | 'all';
  /** Of the accelerated implementation. */
  readonly rule: Rule;
  /** Seconds that one figure (a network, a batch, one implementation) may take, warm-up included. */
  readonly budgetSeconds: number;
}

/** One network at one batch size: the default implementation and the accelerated one, in one run. */
export interface ScoreRow {
  readonly network: NetworkName;
  readonly batch: number;
  readonly default: Score;
  readonly accelerated: Score;
  /** accelerated ÷ default, images a second. */
  readonly ratio: number;
  /** What MXNet's document printed for this network and batch; null where it has no such row. */
  readonly published: { readonly default: number; readonly accelerated: number; readonly ratio: number } | null;
}

export interface Score {
  readonly imagesPerSecond: number;
  /** Unmeasured passes before; measured ones. 5 and 10 where the budget allows. */
  readonly dryRuns: number;
  readonly passes: number;
  /** Pieces that the batch ran in, because memory was short; 1 when at once. */
  readonly parts: number;
  /** The nodes of the last pass, with the milliseconds of each phase. */
  readonly nodes: readonly ScoredNode[];
}

export interface ScoredNode
  extends Pick<NodeReport, 'name' | 'op' | 'description' | 'algorithm' | 'multiplyAdds' | 'milliseconds' | 'gflops'> {
  readonly phases: Phases;
}

/** Milliseconds; the sum is the node's. */
export interface Phases {
  readonly inputTransform: number;
  readonly blockMultiplication: number;
  readonly outputTransform: number;
  readonly other: number;
}
