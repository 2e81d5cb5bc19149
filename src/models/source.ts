/** What a reader has made of a model's files, as `Model` runs it. */
import type { Shape } from '../graph/compiled.ts';
import type { Graph } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import type { Dtype, Name, Size } from '../graph/values.ts';

/** The formats that are read, each told from the contents of its files. */
export type ModelFormat = 'onnx' | 'mxnet' | 'tfjs-layers-model' | 'tfjs-graph-model';

/**
 * The type of an input or output of a model.
 *
 * @example
 * model.inputs.get('image'); // { dtype: 'float32', shape: ['N', 3, 224, 224] }
 */
export interface ModelValue {
  /** Of its elements; null for an output whose type follows from what a run computes. */
  readonly dtype: Dtype | null;
  /** In the model's own order of axes, a size that may be any as a name; null where the files do not tell it. */
  readonly shape: readonly Size[] | null;
}

/** A model before it runs: what its files say, and the graph for inputs of some shapes. */
export interface ModelSource extends Pick<ModelGraph, 'metadata'> {
  readonly format: ModelFormat;
  /** As errors name it: its file. */
  readonly file: string;
  readonly inputs: ReadonlyMap<Name, ModelValue>;
  readonly outputs: ReadonlyMap<Name, ModelValue>;
  /** More may become known with a graph. */
  readonly notes: readonly string[];
  /** Whether there is one graph, whatever the shapes. */
  readonly isFixed: boolean;
  /** The graph with the sizes that are open by name; null where there is none before the shapes are known. */
  readonly openGraph: Graph | null;
  /** @param shapes of all inputs; they do not matter to a fixed one */
  graphFor(shapes: ReadonlyMap<Name, Shape>): Graph;
}

/** A model whose files tell the shapes of its inputs, as far as they are fixed. */
export function fixedSource(format: ModelFormat, file: string, { graph, metadata, notes }: ModelGraph): ModelSource {
  const types = inferTypes(graph);
  const outputs = new Map(
    graph.outputs.map((name): [Name, ModelValue] => {
      const type = types.get(name);
      return [name, Object.freeze(type === undefined ? UNKNOWN : { dtype: type.dtype, shape: type.shape })];
    }),
  );
  return {
    format,
    file,
    inputs: graph.inputs,
    outputs,
    metadata,
    notes,
    isFixed: true,
    openGraph: graph,
    graphFor: () => graph,
  };
}

const UNKNOWN: ModelValue = { dtype: null, shape: null };
