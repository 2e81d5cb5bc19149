/** A case of a suite of ONNX models: what it is called, and how it ended. */
import { NnpackError } from '../src/errors.ts';
import type { Graph } from '../src/graph/graph.ts';
import { runGraph } from '../src/graph/run-graph.ts';
import type { TypedTensor, TypedTensorLike } from '../src/tensor/ndarray.ts';

export type Kind = 'passed' | 'wrong' | 'failed' | 'refused';

/** Refused is what is said to be unsupported; failed is every other error. */
export interface Outcome {
  readonly kind: Kind;
  readonly text: string;
  readonly notes: readonly string[];
}

export interface Case {
  readonly name: string;
  run(): Promise<Outcome>;
}

/** Runs a case that gives what is wrong, '' for nothing. */
export async function outcomeOf(notes: readonly string[], run: () => Promise<string>): Promise<Outcome> {
  try {
    const text = await run();
    return { kind: text === '' ? 'passed' : 'wrong', text, notes };
  } catch (error) {
    const isOurs = error instanceof NnpackError;
    const kind = isOurs && error.code === 'unsupported-layer' ? 'refused' : 'failed';
    return { kind, text: isOurs ? error.message : String(error instanceof Error ? error.stack : error), notes };
  }
}

/** The outputs of a graph, in its order, for inputs in its order. */
export function outputsOf(graph: Graph, inputs: readonly TypedTensorLike[]): readonly TypedTensor[] {
  const named = Object.fromEntries([...graph.inputs.keys()].map((name, i) => [name, inputs[i]]));
  const got = runGraph(graph, named);
  return graph.outputs.map((name) => got[name]);
}
