/** Reading tfjs layers models from disk, in Node. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NnpackError, show } from '../errors.ts';
import type { Network } from '../networks/network.ts';
import { readLayersModel } from './layers-model.ts';

/**
 * Reads model.json and the weights files beside it.
 *
 * @example
 * const network = await loadLayersModel('model/model.json');
 */
export async function loadLayersModel(path: string): Promise<Network> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as Error).message;
    throw new NnpackError('input-output', `model ${show(path)} could not be read: ${reason}`, { cause: error });
  }
  try {
    return await readLayersModel(text, (shard) => readFile(join(dirname(path), shard)));
  } catch (error) {
    if (!(error instanceof NnpackError)) throw error;
    // The reader knows the text alone; who has several files wants to know which.
    throw new NnpackError(error.code, error.message.replace(/^model/, `model ${show(path)}`), { cause: error });
  }
}
