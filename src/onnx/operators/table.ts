/** Every operator that is read, by its name. */
import type { Converter } from './converter.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { LAYERS } from './layers.ts';
import { MOVEMENT } from './movement.ts';
import { QUANTISED } from './quantised.ts';
import { REDUCTIONS } from './reductions.ts';
import { RESIZING } from './resizing.ts';

/** Since when there are operators that tools write into files of older versions, with the meaning of the first that has them. */
export const FIRST_VERSIONS: ReadonlyMap<string, number> = new Map([
  ['LayerNormalization', 17],
  ['GroupNormalization', 18],
  ['HardSwish', 14],
  ['Mish', 18],
  ['Gelu', 20],
]);

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map(
  Object.entries({ ...ELEMENTWISE, ...MOVEMENT, ...LAYERS, ...REDUCTIONS, ...RESIZING, ...QUANTISED }),
);
