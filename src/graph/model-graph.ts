/** What a reader makes of a model's files, whatever their format: every reader gives this, and `openModel` runs it. */
import type { Graph } from './graph.ts';

/** A model as a graph in the model's own layout, types and names, and what its files say besides. */
export interface ModelGraph {
  readonly graph: Graph;
  /** What the files tell about themselves: producer, versions, a description; as text, by the format's own names. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What breaks the format's letter and was read all the same, a sentence each. */
  readonly notes: readonly string[];
}
