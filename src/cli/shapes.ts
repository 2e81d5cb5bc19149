/** `--shape NAME=1x3x224x224`: the shapes of inputs whose sizes a model leaves open. */
import { show } from '../errors.ts';
import type { Shape } from '../graph/compiled.ts';
import type { Name } from '../graph/values.ts';
import type { ModelValue } from '../models/source.ts';
import { fail, readSizes } from './arguments.ts';
import type { Given, OptionSpec } from './command.ts';
import { namedFiles } from './run/named-files.ts';

const SIZES = 'AxBxC';

export const SHAPE_OPTION: OptionSpec = {
  value: `NAME=${SIZES}`,
  help: `the shape of an input, all of its axes (its own, a batch of 1 where that is open); only ${SIZES} where there is one input`,
  repeats: true,
};

/** Those that are told, and of the others what the files tell whole, but for a batch of one. */
export function shapesOption(given: Given, inputs: ReadonlyMap<Name, ModelValue>): ReadonlyMap<Name, Shape> {
  const names = [...inputs.keys()];
  const told = namedFiles(given.repeated?.get('shape') ?? [], '--shape', names, SIZES);
  return new Map(
    [...inputs].map(([name, { shape }]) => {
      const text = told.find((one) => one.name === name)?.path;
      if (text !== undefined) return [name, readSizes(text, '--shape')];
      const known = shape?.map((size, axis) => (axis === 0 && typeof size === 'string' ? 1 : size));
      if (known?.every((size) => typeof size === 'number')) return [name, known];
      const form = shape?.map((size) => (typeof size === 'number' ? size : '?')).join('x') ?? SIZES;
      const open = `the model's files do not tell the ${shape === null ? 'shape' : 'sizes at ?'} of input ${show(name)}`;
      return fail(`expected --shape ${name}=${form}: ${open}`);
    }),
  );
}
