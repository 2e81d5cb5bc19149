import type { Converters } from './converter.ts';

export const REDUCTIONS: Converters = {};
