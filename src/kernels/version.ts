/** The version of this package, as package.json has it: what was written by one version is not read by another. */
export const VERSION = '0.1.0';
