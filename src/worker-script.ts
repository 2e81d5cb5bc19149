/**
 * Where the script of the workers is: nnpack-worker.js, beside this file, in the package and in a bundle alike. Its name is its
 * own, because bundles lie among the scripts of others.
 */

/**
 * Where this file is. In bundles it may be missing (IIFE, CommonJS), or name a file of the machine that made the bundle
 * (webpack); hence it may be anything.
 */
export const OWN_ADDRESS: unknown = import.meta.url;

/**
 * Starts the script where workers are a browser's. Bundlers that look for workers know this very expression, and put the
 * address of a file of theirs in the place of the inner one; elsewhere the script lies beside the bundle.
 */
export function startWebWorker(): Worker {
  return new Worker(new URL('./nnpack-worker.js', import.meta.url), { type: 'module' });
}
