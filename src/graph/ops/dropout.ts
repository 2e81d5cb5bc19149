import { identity } from './identity.ts';
import type { NoAttributes, Operation } from './operation.ts';

/** Nothing at all outside training. */
export const dropout: Operation<NoAttributes> = { ...identity };
