import { runMaxPooling } from '../../layers/pooling.ts';
import { globalPooling } from './global-pooling-nd.ts';
import { greaterFrom, type MaximaAttributes, parseLeast, raiseToLeast } from './maxima.ts';

/** The greatest element of each plane of any number of axes, which stay with one element each. */
export const globalMaxPooling = globalPooling<MaximaAttributes>(
  { fields: { least: true }, check: (who, { least }) => ({ least: parseLeast(who, least) }) },
  (context, shape, x, y, { least }) => {
    runMaxPooling(context, shape, x, y);
    if (least !== undefined) raiseToLeast(context.arena.f32, shape, x, y, least);
  },
  (plane, { least }) => plane.reduce(greaterFrom(least), least ?? -Infinity),
);
