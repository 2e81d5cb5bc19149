/** Every operator of graph models that is read, by its name. */
import type { Converter } from './converter.ts';
import { CONVOLUTIONS } from './convolutions.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { MOVEMENT } from './movement.ts';
import { NORMALISATIONS } from './normalisations.ts';
import { POOLINGS } from './poolings.ts';
import { PRODUCTS } from './products.ts';
import { REDUCTIONS } from './reductions.ts';
import { RESHAPING } from './reshaping.ts';
import { RESIZING } from './resizing.ts';
import { SHAPES } from './shapes.ts';
import { SLICES } from './slices.ts';

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map(
  Object.entries({
    ...SHAPES,
    ...ELEMENTWISE,
    ...RESHAPING,
    ...SLICES,
    ...MOVEMENT,
    ...CONVOLUTIONS,
    ...POOLINGS,
    ...PRODUCTS,
    ...NORMALISATIONS,
    ...RESIZING,
    ...REDUCTIONS,
  }),
);
