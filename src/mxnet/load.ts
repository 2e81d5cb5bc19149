/**
 * Reading MXNet models from disk, in Node.
 *
 * @module nnpack-ts/mxnet/load
 */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { show } from '../errors.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { graphOfMxnet } from './graph-of-mxnet.ts';
import { loadMxnetFiles, within } from './load-files.ts';
import { parseShapes, type ReadMxnetModelOptions } from './read-model.ts';

/** What `loadMxnetModel` may be told. */
export interface LoadMxnetModelOptions extends ReadMxnetModelOptions {
  /** The path of the parameters, which may lie anywhere. */
  readonly params?: string;
}

const FIELDS: FieldsOf<LoadMxnetModelOptions> = { params: true, shapes: true };

/**
 * Reads NAME-symbol.json and its parameters: of the files NAME-NNNN.params beside it that of the greatest number, which must lie
 * in the same folder, unless a path is told.
 *
 * @throws NnpackError as `readMxnetModel` does, with the file's name; 'input-output' for a file that cannot be read
 * @example
 * const { graph } = await loadMxnetModel('models/resnet-18-symbol.json', { shapes: { data: [1, 3, 224, 224] } });
 */
export async function loadMxnetModel(path: string, options: LoadMxnetModelOptions = {}): Promise<ModelGraph> {
  const who = 'loadMxnetModel';
  const { params, shapes } = readOptions<LoadMxnetModelOptions>(who, options, FIELDS);
  const given = parseShapes(who, shapes);
  const files = await loadMxnetFiles(path, params, who);
  return within(`model ${show(path)}`, () => graphOfMxnet(files, given));
}
