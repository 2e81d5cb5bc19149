/** Beside nothing else, so that what asks for a rule by its name need not load what follows it. */
export const RULES = ['fastest', 'nnpack', 'measured'] as const;

/** How one of several eligible algorithms is chosen, as `SelectionOptions` tells. */
export type Rule = (typeof RULES)[number];
