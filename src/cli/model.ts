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
import type { Given, OptionSpec } from './command.ts';
import type { Subject } from './run/engine.ts';
import type { PictureHints } from './run/hints.ts';

/** Files that are models, as help lists them. */
export const MODEL_FILES = 'model.onnx, NAME-symbol.json of MXNet, or model.json of TensorFlow.js';

/** Networks that are none, as help lists them. */
export const BUILT_IN = `a built-in network, whose weights are random: ${NETWORK_NAMES.join(', ')}`;

export const PARAMS_OPTION: OptionSpec = {
  value: 'FILE',
  help: 'parameters of an MXNet model (the newest NAME-NNNN.params beside it)',
};

export interface Model {
  readonly network: Network;
  /** The built-in definitions have random weights: what they compute of a picture means nothing. */
  readonly isTrained: boolean;
  /** A picture that belongs to the model, and what the model makes of it. */
  readonly sample: { readonly picture: string; readonly expected: string } | null;
}

const MODEL_PACKAGE = '@upscalerjs/default-model';

/**
 * A network that is no file of the user's.
 *
 * @param name a built-in network; the main job's own model when not given
 * @param who what it stands for on the command line
 */
export async function loadModel(name: string | undefined, who = '--model'): Promise<Model> {
  if (name === undefined) return upscaler();
  const known = builtIn(name, who);
  const { buildNetwork } = await import('../networks/definitions/index.ts');
  return { network: buildNetwork(known), isTrained: false, sample: null };
}

/** A network for what runs as one; any other file as its reader gives it. */
export async function loadFile(path: string, params?: string): Promise<Model | ModelSource> {
  const network = params === undefined ? await layersNetwork(path) : null;
  if (network !== null) return { network, isTrained: true, sample: null };
  const { loadSource } = await import('../models/load.ts');
  return loadSource(path, params);
}

/** Whether a name is that of a file, and of no built-in network. */
export function isPath(name: string): boolean {
  return !isBuiltIn(name) && (extname(name) !== '' || /[\\/]/.test(name) || existsSync(name));
}

export function isBuiltIn(name: string): name is NetworkName {
  return (NETWORK_NAMES as readonly string[]).includes(name);
}

/** The one model of a command that looks into files. */
export function pathOf({ positionals: [path] }: Given, who: string): string {
  if (path === undefined) return fail(`${who} expected the file of a model, got none`);
  if (!isBuiltIn(path)) return path;
  return fail(
    `${who} expected the file of a model, got ${show(path)}, which is built in: run, explain and score take it`,
  );
}

/** A model that runs. */
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
    const found = await loadFile(name, params);
    return 'network' in found ? ofNetwork(found) : ofSource(found);
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
  const [{ modelSubject }, { pictureHints }] = await Promise.all([
    import('./run/model-engine.ts'),
    import('./run/hints.ts'),
  ]);
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
  if (isBuiltIn(name)) return name;
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
