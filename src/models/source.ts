/** What a reader has made of a model's files, as `Model` runs it. */
import type { Shape } from '../graph/compiled.ts';
import type { Graph } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import type { DeclaredType, ModelGraph } from '../graph/model-graph.ts';
import type { Dtype, Name, Size, ValueType } from '../graph/values.ts';

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
export function fixedSource(format: ModelFormat, file: string, model: ModelGraph): ModelSource {
  const { graph, metadata, notes, declaredOutputs } = model;
  const types = inferTypes(graph);
  const outputs = new Map(
    graph.outputs.map((name) => [name, outputValue(name, types.get(name), declaredOutputs?.get(name))]),
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

/**
 * The same model with numbers in the place of sizes that its files leave open, by their names; a name that no input has
 * means nothing.
 */
export function withSizes(source: ModelSource, sizes: ReadonlyMap<string, number>): ModelSource {
  const { format, file, openGraph: graph, metadata, notes, outputs } = source;
  if (graph === null || sizes.size === 0) return source;
  const inputs = new Map(
    [...graph.inputs].map(([name, { dtype, shape }]): [Name, ValueType] => {
      return [
        name,
        { dtype, shape: shape.map((size) => (typeof size === 'string' ? (sizes.get(size) ?? size) : size)) },
      ];
    }),
  );
  return fixedSource(format, file, { graph: { ...graph, inputs }, metadata, notes, declaredOutputs: outputs });
}

/** What is inferred; the file's own names of sizes, and all that it says where nothing could be inferred. */
function outputValue(name: Name, type: ValueType | undefined, declared: DeclaredType | undefined): ModelValue {
  const told = declared?.shape ?? null;
  if (type === undefined) {
    const shape = told?.map((size, axis): Size => size ?? `${name}.${axis}`) ?? null;
    return Object.freeze({ dtype: declared?.dtype ?? null, shape });
  }
  const { dtype, shape } = type;
  if (told === null || told.length !== shape.length) return Object.freeze({ dtype, shape });
  const named = shape.map((size, axis): Size => {
    const own = told[axis];
    return typeof size === 'string' && typeof own === 'string' ? own : size;
  });
  return Object.freeze({ dtype, shape: named });
}
