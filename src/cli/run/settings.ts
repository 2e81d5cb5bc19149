/** What the command line of `run` says, each option checked by itself. */
import { ALGORITHM_NAMES } from '../../algorithms/algorithm.ts';
import { RULES } from '../../dispatch/rule-names.ts';
import { show } from '../../errors.ts';
import { fail, oneOf, positive, readSizes, readWhole, whole } from '../arguments.ts';
import type { Given } from '../command.ts';
import { isPictureName } from '../picture-file.ts';
import { type Ranges, readRanges } from '../range.ts';
import type { Choice } from './engine.ts';
import { FITS, type Fit } from './fit-picture.ts';

export const CHANNEL_ORDERS = ['rgb', 'bgr'] as const;

/** How pictures become what a model takes. */
export interface PictureSettings {
  readonly ranges?: Ranges;
  readonly fit: Fit;
  /** For sides that the model leaves open. */
  readonly size?: { readonly height: number; readonly width: number };
  readonly order?: (typeof CHANNEL_ORDERS)[number];
}

/** What the command line says of files. */
export interface Files {
  /** Pictures that stand without an option. */
  readonly pictures: readonly string[];
  /** Each FILE, FOLDER, NAME=FILE or NAME=FOLDER. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Part K of N of many files. */
  readonly shard: { readonly part: number; readonly of: number } | null;
  /** Whether files whose results are there are passed over. */
  readonly isResumed: boolean;
}

export interface Settings {
  readonly model?: string;
  readonly params?: string;
  readonly files: Files;
  readonly pictures: PictureSettings;
  readonly choice: Choice;
  /** Images at once, of a network with random weights. */
  readonly batch?: number;
  readonly threads?: number;
  readonly memoryBytes?: number;
  /** How many of the greatest values are printed, and the file of their names. */
  readonly top?: number;
  readonly labels?: string;
  readonly isQuiet: boolean;
}

export function settingsOf(given: Given): Settings {
  const { options, repeated } = given;
  const memory = positive(given, 'memory');
  const out = options.get('out');
  const range = options.get('range');
  const outputs = repeated?.get('output') ?? [];
  if (out !== undefined && outputs.length > 0) fail('expected --out or --output, got both');
  const { model, pictures } = positionalsOf(given);
  return {
    model,
    params: options.get('params'),
    files: {
      pictures,
      inputs: repeated?.get('input') ?? [],
      outputs: out === undefined ? outputs : [out],
      shard: shardOf(options.get('shard')),
      isResumed: options.has('resume'),
    },
    pictures: {
      ranges: range === undefined ? undefined : readRanges(range, '--range'),
      fit: oneOf(given, 'fit', FITS) ?? 'crop',
      size: sizeOf(options.get('size')),
      order: oneOf(given, 'channels', CHANNEL_ORDERS),
    },
    choice: {
      eligibility: oneOf(given, 'eligibility', ['documented', 'all'] as const) ?? 'all',
      algorithm: oneOf(given, 'algorithm', ['auto', ...ALGORITHM_NAMES] as const) ?? 'auto',
      rule: oneOf(given, 'rule', RULES) ?? 'fastest',
    },
    batch: whole(given, 'batch'),
    threads: whole(given, 'threads'),
    memoryBytes: memory && memory * 2 ** 20,
    top: whole(given, 'top') ?? (options.has('labels') ? 5 : undefined),
    labels: options.get('labels'),
    isQuiet: options.has('quiet'),
  };
}

/** Names of pictures are inputs; another is the model, unless --model tells it. */
function positionalsOf({ positionals, options }: Given): { model?: string; pictures: readonly string[] } {
  const isModel = (name: string) => !options.has('model') && !isPictureName(name);
  const models = positionals.filter(isModel);
  const pictures = positionals.filter((name) => !models.includes(name));
  const others = pictures.filter((name) => !isPictureName(name));
  if (models.length > 1 || (others.length > 0 && positionals.length > 1)) {
    fail(
      `expected pictures, and at most 1 besides the options that is the model, got ${positionals.map(show).join(', ')}`,
    );
  }
  return { model: models[0] ?? options.get('model'), pictures };
}

function shardOf(text: string | undefined): Files['shard'] {
  if (text === undefined) return null;
  const [part, of, ...more] = text.split('/').map((number) => readWhole(number.trim(), '--shard'));
  if (of === undefined || more.length > 0 || part > of) {
    fail(`--shard expected K/N, the part K of N from 1 on, got ${show(text)}`);
  }
  return { part, of };
}

/** 224, or HxW. */
function sizeOf(text: string | undefined): PictureSettings['size'] {
  if (text === undefined) return undefined;
  const [height, width = height, ...more] = readSizes(text, '--size');
  if (more.length > 0) fail(`--size expected a number or HxW, got ${show(text)}`);
  return { height, width };
}

/** What is asked of a network whose weights are random, before they are made: nothing that goes in or comes out. */
export function expectRandom(name: string, { files, pictures, top, labels }: Settings): void {
  if (files.pictures.length + files.inputs.length > 0) {
    fail(`${name} has random weights and takes no picture, expected only options`);
  }
  if (files.outputs.length > 0) fail(`${name} gives no picture, expected no --out and no --output`);
  if (pictures.ranges !== undefined) fail(`${name} takes and gives no picture, expected no --range`);
  if (top !== undefined || labels !== undefined) fail(`${name} has random weights, expected no --top and no --labels`);
  if (files.shard !== null || files.isResumed) fail('--shard and --resume expected many files or a folder, got none');
}
