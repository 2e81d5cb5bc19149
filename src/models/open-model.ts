import { NnpackError, show } from '../errors.ts';
import { Model } from './model.ts';
import { type ModelOptions, parseModelOptions } from './options.ts';

/**
 * Reads a model from disk, in Node: `model.onnx`, MXNet's `NAME-symbol.json` with the newest `NAME-NNNN.params` beside it (or
 * `params`), or TensorFlow.js's `model.json`, a layers model or a graph model. What it is the contents tell. Files that it
 * names are read inside its own folder alone.
 *
 * @throws NnpackError 'input-output' for files that cannot be read, 'invalid-model' for what is broken, 'unsupported-layer'
 *   for what this library has no word for (all of it at once), each with the name of the file
 * @example
 * const model = await openModel('resnet-18-symbol.json');
 * const { softmax_output } = await model.run({ data: ndarray(pixels, [1, 3, 224, 224]) });
 * model.dispose();
 */
export async function openModel(path: string, options: ModelOptions = {}): Promise<Model> {
  const { params, selection, context } = parseModelOptions('openModel', options);
  if (typeof path !== 'string') {
    throw new NnpackError('invalid-argument', `openModel: path is ${show(path)}, expected a string`);
  }
  const { loadSource } = await import('./load.ts');
  return new Model(await loadSource(path, params), selection, context);
}
