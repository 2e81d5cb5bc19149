import type { Converters } from './converter.ts';

export const QUANTISED: Converters = {};
