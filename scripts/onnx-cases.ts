/** A case of a suite of ONNX models. */
import type { Graph } from '../src/graph/graph.ts';
import { runGraph } from '../src/graph/run-graph.ts';
import type { TypedTensor, TypedTensorLike } from '../src/tensor/ndarray.ts';
import type { Outcome } from './suite.ts';

/** How it ended, and what its reader had to note. */
export interface OnnxOutcome extends Outcome {
  readonly notes: readonly string[];
}

/** The outputs of a graph, in its order, for inputs in its order. */
export function outputsOf(graph: Graph, inputs: readonly TypedTensorLike[]): readonly TypedTensor[] {
  const named = Object.fromEntries([...graph.inputs.keys()].map((name, i) => [name, inputs[i]]));
  const got = runGraph(graph, named);
  return graph.outputs.map((name) => got[name]);
}
