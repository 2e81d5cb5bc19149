/** model.json of either kind of tfjs model, as what it is. */
import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { plainCopy } from './config.ts';

/** The two kinds: the layers of Keras, or the nodes of TensorFlow. */
export type ModelFormat = 'layers-model' | 'graph-model';

const NAMES: Readonly<Record<ModelFormat, string>> = {
  'layers-model': 'a layers model',
  'graph-model': 'a graph model',
};

/**
 * What model.json holds, for whoever reads models of one kind.
 *
 * @param model parsed or as its text
 * @throws NnpackError for what is no JSON, or another kind of file
 */
export function parseJson(model: unknown, expected: ModelFormat): unknown {
  const json = typeof model === 'string' ? parsed(model) : plainCopy('model', model);
  const format = formatOf(json, expected);
  if (format === expected) return json;
  throw new NnpackError('unsupported-layer', `model: is ${NAMES[format]}, expected ${NAMES[expected]}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NnpackError('invalid-model', `model: expected JSON: ${textOf(error)}`, { cause: error });
  }
}

/** The kind of a file; the other files that TensorFlow.js and its converter write are each good for something else. */
function formatOf(json: unknown, expected: ModelFormat): ModelFormat {
  const refuse = (what: string): never => {
    throw new NnpackError('unsupported-layer', `model: is ${what}, expected ${NAMES[expected]}`);
  };
  if (Array.isArray(json)) {
    if (has(json[0], 'paths', 'weights')) refuse('a weights manifest without a topology');
    return expected;
  }
  if (!has(json)) return expected;
  const { format, modelTopology } = json as Readonly<Record<string, unknown>>;
  // a graph's nodes tell it where the oldest converters wrote no format
  if (format === 'graph-model' || has(modelTopology, 'node')) return 'graph-model';
  if (has(json, 'modelTopology')) return named(format);
  if (has(json, 'weightsManifest')) refuse('a weights manifest without a topology');
  if (has(json, 'class_name', 'config') || has(json, 'model_config')) refuse('a topology without a weights manifest');
  return expected;
}

function named(format: unknown): ModelFormat {
  if (format === undefined || format === null || format === 'layers-model') return 'layers-model';
  const what = `format expected 'layers-model' or 'graph-model', got ${show(format)}`;
  throw new NnpackError('invalid-model', `model: ${what}`);
}

function has(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}
