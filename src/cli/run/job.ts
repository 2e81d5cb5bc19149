/** What a command line of `run` has come to, before anything runs. */
import type { Context } from '../../context/context.ts';
import type { Given } from '../command.ts';
import type { Loaded } from '../model.ts';
import type { Engine } from './engine.ts';
import type { Settings } from './settings.ts';

/** Does work with an engine in a context of its own, both of which are given back. */
export type Start = (hasPicture: boolean, work: (engine: Engine, context: Context) => Promise<void>) => Promise<void>;

export interface Job {
  readonly given: Given;
  readonly settings: Settings;
  readonly loaded: Loaded;
  /** What the places of the first output mean. */
  readonly labels: readonly string[] | null;
  readonly signal: AbortSignal;
  readonly start: Start;
}
