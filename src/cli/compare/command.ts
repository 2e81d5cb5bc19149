/** Holds every node of a model to its definition in double: whether the fast algorithms are right on this machine. */
import { ALGORITHM_NAMES } from '../../algorithms/algorithm.ts';
import { RULES } from '../../dispatch/rule-names.ts';
import { oneOf, whole } from '../arguments.ts';
import type { Command } from '../command.ts';
import { MODEL_FILES, PARAMS_OPTION, pathOf } from '../model.ts';
import { JSON_OPTION } from '../output.ts';
import { SHAPE_OPTION } from '../shapes.ts';

export const compare: Command = {
  name: 'compare',
  summary: 'Compares every node of a model, by the fast algorithms, with its definition in double.',
  positionals: { MODEL: MODEL_FILES },
  most: 1,
  options: {
    params: PARAMS_OPTION,
    input: {
      value: 'NAME=FILE',
      help: 'what goes in, as `run` takes it (drawn numbers); only FILE where there is one input',
      repeats: true,
    },
    shape: SHAPE_OPTION,
    range: { value: 'A..B', help: 'the values of pictures, as `run` takes them' },
    seed: { value: 'N', help: 'of the drawn numbers (drawn as well, and printed)' },
    algorithm: { value: 'NAME', help: `one for all convolutions, of ${ALGORITHM_NAMES.join(', ')} (auto)` },
    rule: { value: 'NAME', help: `how algorithms are chosen: ${RULES.join(', ')} (fastest)` },
    accuracy: { value: 'NAME', help: 'default, or relaxed for algorithms that err more (default)' },
    threads: { value: 'N', help: 'threads to compute with (as many as cores)' },
    json: JSON_OPTION,
    quiet: { help: 'print nothing but errors' },
  },
  examples: [
    ['nnpack-ts compare model.onnx', 'on drawn numbers'],
    ['nnpack-ts compare model.onnx --shape x=1x3x224x224 --seed 7', 'of this size, and the same ones again'],
    ['nnpack-ts compare net-symbol.json --input photo.jpg --range imagenet', 'on a picture'],
  ],
  async run(given, signal) {
    const path = pathOf(given, 'compare');
    const selection = {
      algorithm: oneOf(given, 'algorithm', ['auto', ...ALGORITHM_NAMES] as const),
      rule: oneOf(given, 'rule', RULES),
      accuracy: oneOf(given, 'accuracy', ['default', 'relaxed'] as const),
    };
    const threads = whole(given, 'threads');
    const seed = whole(given, 'seed') ?? 1 + Math.floor(Math.random() * 0xffff);
    const { compareModel } = await import('./compare.ts');
    await compareModel({ path, selection, threads, seed }, given, signal);
  },
};
