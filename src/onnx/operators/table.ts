/** Every operator that is read, by its name. */
import type { Converter } from './converter.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { LAYERS } from './layers.ts';
import { MOVEMENT } from './movement.ts';
import { QUANTISED } from './quantised.ts';
import { REDUCTIONS } from './reductions.ts';
import { RESIZING } from './resizing.ts';

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map(
  Object.entries({ ...ELEMENTWISE, ...MOVEMENT, ...LAYERS, ...REDUCTIONS, ...RESIZING, ...QUANTISED }),
);
