/** Which network a command line means: the main job's own, a file, or a built-in definition. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { didYouMean, NnpackError, show } from '../errors.ts';
import { buildNetwork, NETWORK_NAMES, type NetworkName } from '../networks/definitions/index.ts';
import type { Network } from '../networks/network.ts';
import { loadLayersModel } from '../tfjs/load.ts';

export interface Model {
  readonly network: Network;
  /** The built-in definitions have random weights: what they compute of a picture means nothing. */
  readonly isTrained: boolean;
  /** A picture that belongs to the model, and what the model makes of it. */
  readonly sample: { readonly picture: string; readonly expected: string } | null;
}

const MODEL_PACKAGE = '@upscalerjs/default-model';

/**
 * @param name a built-in network, or the path of a model.json; the main job's own model when not given
 * @param who what it stands for on the command line
 */
export async function loadModel(name: string | undefined, who = '--model'): Promise<Model> {
  if (name === undefined) return upscaler();
  const isBuiltIn = (NETWORK_NAMES as readonly string[]).includes(name);
  const isPath = name.includes('.json') || name.includes('/') || existsSync(name);
  if (isPath && !isBuiltIn) return { network: await loadLayersModel(name), isTrained: true, sample: null };
  return { network: buildNetwork(builtIn(name, who)), isTrained: false, sample: null };
}

/** Whether a name means a model, where it may mean a picture as well: what is neither is a misspelt network. */
export function isModelName(name: string): boolean {
  const isNetwork = (NETWORK_NAMES as readonly string[]).includes(name);
  return isNetwork || extname(name).toLowerCase() === '.json' || (extname(name) === '' && !existsSync(name));
}

function builtIn(name: string, who: string): NetworkName {
  const found = NETWORK_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const text = `${who} expected one of ${NETWORK_NAMES.join(', ')}, or the path of a model.json, got ${show(name)}`;
  throw new NnpackError('invalid-argument', `arguments: ${text}${didYouMean(name, NETWORK_NAMES)}`);
}

/** The trained network of the main job, which doubles a picture, with a picture and what becomes of it. */
async function upscaler(): Promise<Model> {
  const folder = modelFolder();
  return {
    network: await loadLayersModel(join(folder, 'models/model.json')),
    isTrained: true,
    sample: { picture: join(folder, 'assets/fixture.png'), expected: join(folder, 'assets/samples/2x/result.png') },
  };
}

/** The folder of the package: its exports name none of these files, so it is found from its entry upwards. */
function modelFolder(): string {
  try {
    let folder = dirname(createRequire(import.meta.url).resolve(MODEL_PACKAGE));
    while (!existsSync(join(folder, 'models/model.json')) && folder !== dirname(folder)) folder = dirname(folder);
    return folder;
  } catch (error) {
    const what = `the trained network's package ${MODEL_PACKAGE} is not installed, expected it beside this one, or --model`;
    throw new NnpackError('input-output', `run: ${what}`, { cause: error });
  }
}
