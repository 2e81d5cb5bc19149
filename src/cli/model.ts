/** Which network a command line means: the main job's own, a file, or a built-in definition. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { didYouMean, NnpackError, show } from '../errors.ts';
import type { Name } from '../graph/values.ts';
import type { ModelSource } from '../models/source.ts';
import { NETWORK_NAMES, type NetworkName } from '../networks/definitions/names.ts';
import type { Network } from '../networks/network.ts';
import { fail } from './arguments.ts';
import type { Subject } from './run/engine.ts';
import { type PictureHints, pictureHints } from './run/hints.ts';

export interface Model {
  readonly network: Network;
  /** The built-in definitions have random weights: what they compute of a picture means nothing. */
  readonly isTrained: boolean;
  /** A picture that belongs to the model, and what the model makes of it. */
  readonly sample: { readonly picture: string; readonly expected: string } | null;
}

const MODEL_PACKAGE = '@upscalerjs/default-model';

/**
 * A network: models of other formats are no such, see `sourceOf`.
 *
 * @param name a built-in network, or the path of a model.json; the main job's own model when not given
 * @param who what it stands for on the command line
 */
export async function loadModel(name: string | undefined, who = '--model'): Promise<Model> {
  if (name === undefined) return upscaler();
  if (isPath(name)) return { network: await readLayersModel(name), isTrained: true, sample: null };
  const known = builtIn(name, who);
  const { buildNetwork } = await import('../networks/definitions/index.ts');
  return { network: buildNetwork(known), isTrained: false, sample: null };
}

/** Whether a name is that of a file, and of no built-in network. */
function isPath(name: string): boolean {
  if ((NETWORK_NAMES as readonly string[]).includes(name)) return false;
  return extname(name) !== '' || /[\\/]/.test(name) || existsSync(name);
}

/** A model that `run`, `compare` or `inspect` is given: a network where it is one, else what its files say. */
export interface Loaded {
  readonly subject: Subject;
  /** What its files say of the pictures that it takes; of an input, for the shapes that go in. */
  hints(input: Name): PictureHints;
  readonly isTrained: boolean;
  readonly sample: Model['sample'];
  /** The network whose weights are random. */
  readonly builtIn: Network | null;
}

/**
 * A network for what runs as one, in slices of a picture where memory is short; any other file as it is.
 *
 * @param params of an MXNet model
 */
export async function loadSubject(name: string | undefined, who: string, params?: string): Promise<Loaded> {
  if (name !== undefined && isPath(name)) {
    const network = params === undefined ? await layersNetwork(name) : null;
    if (network !== null) return ofNetwork({ network, isTrained: true, sample: null });
    const { loadSource } = await import('../models/load.ts');
    return ofSource(await loadSource(name, params));
  }
  if (params !== undefined) fail('--params expected the NAME-symbol.json of an MXNet model, got none');
  return ofNetwork(await loadModel(name, who));
}

async function ofNetwork({ network, isTrained, sample }: Model): Promise<Loaded> {
  const { networkSubject } = await import('./run/network-engine.ts');
  const builtIn = isTrained ? null : network;
  return { subject: networkSubject(network), hints: () => ({}), isTrained, sample, builtIn };
}

async function ofSource(source: ModelSource): Promise<Loaded> {
  const { modelSubject } = await import('./run/model-engine.ts');
  const hints = (input: Name) => pictureHints(source, source.openGraph, input);
  return { subject: modelSubject(source), hints, isTrained: true, sample: null, builtIn: null };
}

/** The network of a layers model; null for another format, or for what networks have no word for. */
async function layersNetwork(path: string): Promise<Network | null> {
  const { formatOf } = await import('../models/load.ts');
  if ((await formatOf(path)) !== 'tfjs-layers-model') return null;
  try {
    return await readLayersModel(path);
  } catch (error) {
    if (error instanceof NnpackError && error.code === 'unsupported-layer') return null;
    throw error;
  }
}

async function readLayersModel(path: string): Promise<Network> {
  const { loadLayersModel } = await import('../tfjs/load.ts');
  return loadLayersModel(path);
}

function builtIn(name: string, who: string): NetworkName {
  const found = NETWORK_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const text = `${who} expected one of ${NETWORK_NAMES.join(', ')}, or the path of a model, got ${show(name)}`;
  throw new NnpackError('invalid-argument', `arguments: ${text}${didYouMean(name, NETWORK_NAMES)}`);
}

/** The trained network of the main job, which doubles a picture, with a picture and what becomes of it. */
async function upscaler(): Promise<Model> {
  const folder = modelFolder();
  return {
    network: await readLayersModel(join(folder, 'models/model.json')),
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
