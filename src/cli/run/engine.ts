/** What runs a model for the command line: a network, or a model of any format; in parts where memory is short. */
import type { AlgorithmName } from '../../algorithms/algorithm.ts';
import type { Context } from '../../context/context.ts';
import type { Rule } from '../../dispatch/rule-names.ts';
import type { Shape } from '../../graph/compiled.ts';
import type { NodeReport, RunAsyncOptions } from '../../graph/plan.ts';
import type { Name, ValueType } from '../../graph/values.ts';
import type { ModelValue } from '../../models/source.ts';
import type { TypedTensor, TypedTensorLike } from '../../tensor/ndarray.ts';

/** How the convolutions of a run are chosen. */
export interface Choice {
  readonly eligibility: 'documented' | 'all';
  readonly algorithm: 'auto' | AlgorithmName;
  readonly rule: Rule;
}

export type Arrays = Readonly<Record<Name, TypedTensorLike>>;

/** What a model takes and gives, in the layout of its files, before anything runs. */
export interface Subject {
  /** Of the network, or the file. */
  readonly name: string;
  readonly inputs: ReadonlyMap<Name, ModelValue>;
  readonly outputs: ReadonlyMap<Name, ModelValue>;
  /** Whether pictures have their channels last where sizes do not tell. */
  readonly isChannelsLast: boolean;
  /** Whether it keeps to less memory than its context has; others keep to all of their context's. */
  readonly hasOwnLimit: boolean;
  /** The types of what comes out for inputs of these shapes; missing where they follow from what is computed. */
  typesFor(shapes: ReadonlyMap<Name, Shape>): ReadonlyMap<Name, ValueType>;
  /** @param memoryBytes what it may take; null for all that the context has */
  engine(choice: Choice, context: Context, memoryBytes: number | null): Engine;
}

/** A model in the memory of a context. */
export interface Engine {
  run(inputs: Arrays, options: RunAsyncOptions): Promise<Record<Name, TypedTensor>>;
  /** Of the last run. */
  report(): EngineReport;
  /** Milliseconds of the last run's sizes with every convolution on the default implementation; null where that says nothing. */
  timeDefault(inputs: Arrays, signal: AbortSignal): Promise<number | null>;
  dispose(): void;
}

export interface EngineReport {
  readonly layers: readonly NodeReport[];
  /** Pieces that the work was cut into. */
  readonly parts: number;
  readonly bytes: number;
}
