/** What a reader makes of a model's files, whatever their format: every reader gives this, and `openModel` runs it. */
import type { Graph } from './graph.ts';
import type { Dtype, Name, Size } from './values.ts';

/** The type of a value as a file tells it: null for what it leaves out. */
export interface DeclaredType {
  readonly dtype: Dtype | null;
  readonly shape: readonly (Size | null)[] | null;
}

/** A model as a graph in the model's own layout, types and names, and what its files say besides. */
export interface ModelGraph {
  readonly graph: Graph;
  /** What the files tell about themselves: producer, versions, a description; as text, by the format's own names. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What breaks the format's letter and was read all the same, a sentence each. */
  readonly notes: readonly string[];
  /** What the files say of the outputs' types, where they do; a run may not depend on it. */
  readonly declaredOutputs?: ReadonlyMap<Name, DeclaredType>;
}
