/** Every operator of MXNet that is read, by its name. */
import { ARITHMETIC } from './arithmetic.ts';
import type { Converter } from './converter.ts';
import { CONVOLUTIONS } from './convolutions.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { MOVEMENT } from './movement.ts';
import { NORMALISATIONS } from './normalisations.ts';
import { POOLINGS } from './poolings.ts';
import { PRODUCTS } from './products.ts';
import { REDUCTIONS } from './reductions.ts';
import { RESIZING } from './resizing.ts';
import { SLICES } from './slices.ts';
import { SOFTMAXES } from './softmaxes.ts';

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map(
  Object.entries({
    ...CONVOLUTIONS,
    ...POOLINGS,
    ...PRODUCTS,
    ...NORMALISATIONS,
    ...ELEMENTWISE,
    ...ARITHMETIC,
    ...SOFTMAXES,
    ...REDUCTIONS,
    ...MOVEMENT,
    ...SLICES,
    ...RESIZING,
  }),
);
