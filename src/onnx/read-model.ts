/** ONNX models given as bytes. */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { graphOfModel } from './graph-of-model.ts';
import { parseModel } from './parse-model.ts';
import type { ReadExternal } from './tensor.ts';

/** What `readOnnxModel` may be given beside the file. */
export interface ReadOnnxModelOptions {
  /**
   * Gives bytes of the files that the model keeps numbers in. It may be handed any location that a file holds: whoever reads
   * from a disk keeps to the model's folder, as `loadOnnxModel` does. Without it such a model is refused.
   */
  readonly readExternal?: ReadExternal;
}

const FIELDS: FieldsOf<ReadOnnxModelOptions> = { readExternal: true };

/**
 * The graph of an ONNX file: inputs, outputs and values by the model's names, in its layouts and types; operators of version 7
 * or newer, the model's own functions inlined.
 *
 * @param bytes the file; weights may share its memory, so that it must not be written to afterwards
 * @throws NnpackError 'unsupported-layer' with everything that this library has no word for, 'invalid-model' for what makes no
 *   sense, 'input-output' if a file of numbers cannot be read, 'out-of-memory' for what would take more memory than there is
 * @example
 * const bytes = new Uint8Array(await (await fetch('/model.onnx')).arrayBuffer());
 * const { graph, notes } = readOnnxModel(bytes);
 * const { scores } = runGraph(graph, { image: { data: pixels, shape: [1, 3, 224, 224] } });
 */
export function readOnnxModel(bytes: Uint8Array, options: ReadOnnxModelOptions = {}): ModelGraph {
  const { readExternal } = readOptions('readOnnxModel', options, FIELDS);
  if (readExternal !== undefined && typeof readExternal !== 'function') {
    const what = `readExternal is ${show(readExternal)}, expected a function`;
    throw new NnpackError('invalid-argument', `readOnnxModel: ${what}`);
  }
  return graphOfModel(parseModel(bytes, 'readOnnxModel'), readExternal);
}
