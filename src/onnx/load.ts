/**
 * Reading ONNX models from disk, in Node.
 *
 * @module nnpack-ts/onnx/load
 */

import { namingFile } from '../check/naming-file.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { graphOfModel } from './graph-of-model.ts';
import { loadModel } from './load-model.ts';

/**
 * Reads an ONNX file and the numbers that it keeps in files beside it: regular files inside its own folder alone, and of
 * these the bytes alone that its tensors take.
 *
 * @throws NnpackError as `readOnnxModel` does, with the file's name
 * @example
 * const { graph, metadata, notes } = await loadOnnxModel('models/detector.onnx');
 */
export async function loadOnnxModel(path: string): Promise<ModelGraph> {
  const { model, readExternal } = await loadModel(path, 'loadOnnxModel');
  return namingFile(path, () => graphOfModel(model, readExternal));
}
