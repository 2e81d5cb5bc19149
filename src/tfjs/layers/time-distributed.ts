/** A layer for each step: steps are images of a batch. */
import { NnpackError } from '../../errors.ts';
import type { Config } from '../config.ts';
import type { Convert } from '../layer.ts';
import type { Value } from '../value.ts';

export function timeDistributed(config: Config, convert: Convert): Convert {
  return (call) => {
    const { x, builder, name } = call;
    const [, steps, ...sizes] = x.shape;
    const all = [steps, ...sizes];
    const areKnown = (list: typeof all): list is number[] => list.every((size) => typeof size === 'number');
    if (x.rank < 3 || !areKnown(all)) {
      throw new NnpackError('unsupported-layer', `${config.who}: expected steps of a known number and size`);
    }
    const images = builder.reshape(x, [-1, ...all.slice(1)], call.part('steps'));
    const [made] = [convert(call.with(call.part('images'), [images]))].flat() as Value[];
    const rest = made.shape.slice(1);
    if (!areKnown(rest)) throw new NnpackError('unsupported-layer', `${config.who}: expected steps of a known size`);
    return builder.reshape(made, [-1, all[0], ...rest], name);
  };
}
