/**
 * Reading tfjs models from disk, in Node.
 *
 * @module nnpack-ts/tfjs/load
 */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lookInside, type RegularFile, readRegular, readWholeFile, storedFile } from '../check/model-files.ts';
import { LARGE_FILE } from '../check/stored-bytes.ts';
import { NnpackError, show } from '../errors.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import type { Network } from '../networks/network.ts';
import { parseGraphModel, toModelGraph } from './graph-model.ts';
import { parseLayersModel, toGraph, toNetwork } from './layers-model.ts';
import {
  expectBytes,
  type ReadBytes,
  readStoredWeights,
  readWeights,
  shardError,
  type WeightGroup,
} from './weights.ts';

/** The topology and manifest of the largest models take a few megabytes; weights are in files of their own. */
const MOST_JSON_BYTES = 2 ** 26;

/**
 * Reads model.json and the weights files beside it: regular files inside the folder of model.json alone, whose sizes are
 * compared with what model.json says before one of them is opened.
 *
 * @example
 * const network = await loadLayersModel('model/model.json');
 */
export async function loadLayersModel(path: string): Promise<Network> {
  return load('loadLayersModel', path, parseLayersModel, async (model, readShard) => {
    return toNetwork(model, await readWeights(model.groups, readShard));
  });
}

/**
 * Reads a layers model as `loadLayersModel` does, as a graph in the model's own layout.
 *
 * @throws NnpackError 'invalid-model', 'unsupported-layer' and others as `readLayersModelGraph` does, 'input-output' for
 *   files that are missing, no regular files or outside the model's folder
 * @example
 * const { graph } = await loadLayersModelGraph('model/model.json');
 * const { score } = runGraph(graph, { image }); // image is [1, 224, 224, 3], as in the model
 */
export async function loadLayersModelGraph(path: string): Promise<ModelGraph> {
  return load('loadLayersModelGraph', path, parseLayersModel, async (model, readShard) => {
    return toGraph(model, await readWeights(model.groups, readShard));
  });
}

/**
 * Reads the model.json of a graph model and the weights files beside it, as `loadLayersModel` does.
 *
 * @throws NnpackError 'invalid-model', 'unsupported-layer' and others as `readGraphModel` does, 'input-output' for files
 *   that are missing, no regular files or outside the model's folder
 * @example
 * const { graph } = await loadGraphModel('model/model.json');
 * const { score } = runGraph(graph, { image }); // image is [1, 224, 224, 3], as in the model
 */
export async function loadGraphModel(path: string): Promise<ModelGraph> {
  return load('loadGraphModel', path, parseGraphModel, async (model, readShard) => {
    return toModelGraph(model, await readStoredWeights(model.groups, readShard));
  });
}

/** A model of either kind: all of its text is read before a weights file is looked at, and all sizes before one is opened. */
async function load<Model extends { readonly groups: readonly WeightGroup[] }, Read>(
  who: string,
  path: unknown,
  parse: (text: string) => Model,
  make: (model: Model, readShard: ReadBytes) => Promise<Read>,
): Promise<Read> {
  if (typeof path !== 'string') {
    throw new NnpackError('invalid-argument', `${who}: path is ${show(path)}, expected a string`);
  }
  const text = await readText(path);
  try {
    const model = parse(text);
    const files = await lookAtShards(path, model.groups);
    const isLarge = model.groups.reduce((sum, { bytes }) => sum + bytes, 0) > LARGE_FILE;
    const read = isLarge ? storedFile : readRegular;
    return await make(model, (shard) => read(files.get(shard) as RegularFile));
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    // The reader knows the text alone; who has several files wants to know which.
    const message = error.message.replace(/^model/, () => `model ${show(path)}`);
    throw new NnpackError(error.code, message, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readWholeFile(`model ${show(path)}`, path, MOST_JSON_BYTES, ' (weights lie in other files)');
  return new TextDecoder().decode(bytes);
}

/** Where the files of a manifest lie. All their sizes are compared before anything is read. */
async function lookAtShards(path: string, groups: readonly WeightGroup[]): Promise<Map<string, RegularFile>> {
  const folder = await realpath(dirname(path));
  const files = new Map<string, RegularFile>();
  /** Path of the file → path in the manifest: links and `./` make a second path of one file. */
  const known = new Map<string, string>();
  for (const group of groups) {
    let held = 0;
    for (const shard of group.paths) {
      const file = await lookInside(folder, shard).catch((error) => {
        throw shardError(shard, error);
      });
      const other = known.get(file.path);
      if (other !== undefined) {
        const what = `lists ${show(other)} again as ${show(shard)}, expected each file once`;
        throw new NnpackError('invalid-model', `${group.who}: ${what}`);
      }
      known.set(file.path, shard);
      files.set(shard, file);
      held += file.bytes;
    }
    expectBytes(group, held);
  }
  return files;
}
