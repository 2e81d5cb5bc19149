/**
 * Reading tfjs layers models from disk, in Node.
 *
 * @module nnpack-ts/tfjs/load
 */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lookAt, lookInside, type RegularFile, readRegular } from '../check/model-files.ts';
import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import type { Network } from '../networks/network.ts';
import { parseLayersModel, toNetwork } from './layers-model.ts';
import { expectBytes, readWeights, shardError, type WeightGroup } from './weights.ts';

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
  if (typeof path !== 'string') {
    throw new NnpackError('invalid-argument', `loadLayersModel: path is ${show(path)}, expected a string`);
  }
  const text = await readText(path);
  try {
    const model = parseLayersModel(text);
    const files = await lookAtShards(path, model.groups);
    return toNetwork(model, await readWeights(model.groups, (shard) => readRegular(files.get(shard)!)));
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    // The reader knows the text alone; who has several files wants to know which.
    throw new NnpackError(error.code, error.message.replace(/^model/, `model ${show(path)}`), { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  try {
    const file = await lookAt(path);
    if (file.bytes > MOST_JSON_BYTES) {
      throw new Error(`it has ${file.bytes} bytes, expected at most ${MOST_JSON_BYTES} (weights lie in other files)`);
    }
    return new TextDecoder().decode(await readRegular(file));
  } catch (error) {
    throw new NnpackError('input-output', `model ${show(path)} could not be read: ${textOf(error)}`, { cause: error });
  }
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
