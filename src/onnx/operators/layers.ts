import type { Converters } from './converter.ts';

export const LAYERS: Converters = {};
