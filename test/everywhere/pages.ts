/** Cells of bundlers and browsers: each bundle in a page that is isolated, which has threads, and in one that is not. */
import type { Bench, Browser, Cell } from './cell.ts';

/** What a page of this kind has less of than the best. */
const REASONS = {
  isolated: [],
  plain: [/^SharedArrayBuffer is not available$/, /^the memory cannot be shared between threads$/],
  strict: [/^emitted kernels could not be made \(.*(Content Security Policy|CSP).*\)$/],
} as const;

const BUNDLES = [
  'vite-build',
  'webpack',
  'rollup',
  'esbuild-esm',
  'esbuild-iife',
  'esbuild-cjs',
  'bun-build',
  'vite-dev',
];

function page(name: string, bundle: string, kind: keyof typeof REASONS, browser: Browser): Cell {
  const run = async (bench: Bench): Promise<string> => {
    // The development server makes its own.
    if (bundle !== 'vite-dev') await bench.bundle(bundle);
    return bench.browse(browser, `${kind}/${bundle}/`);
  };
  const kernels = kind === 'strict' ? 'scalar' : 'simd';
  return { name, kernels, threads: kind === 'plain' ? 1 : 2, reasons: REASONS[kind], run };
}

export const PAGES: readonly Cell[] = [
  ...BUNDLES.flatMap((bundle) => [
    page(bundle, bundle, 'isolated', 'chromium'),
    page(`${bundle}-plain`, bundle, 'plain', 'chromium'),
  ]),
  page('chromium-strict', 'esbuild-esm', 'strict', 'chromium'),
  page('chromium-web-worker', 'web-worker', 'isolated', 'chromium'),
  {
    ...page('worker-missing', 'worker-missing', 'isolated', 'chromium'),
    threads: 1,
    reasons: [/^a worker could not be started \(http:.*\/nnpack-worker\.js: it could not be loaded, .+\)$/],
  },
  {
    ...page('worker-foreign', 'worker-foreign', 'isolated', 'chromium'),
    threads: 1,
    reasons: [/^a worker could not be started \(http:.*\/nnpack-worker\.js: no word from it for 10 s\)$/],
  },
  page('firefox', 'esbuild-esm', 'isolated', 'firefox'),
  page('firefox-plain', 'esbuild-esm', 'plain', 'firefox'),
  page('firefox-strict', 'esbuild-esm', 'strict', 'firefox'),
  page('firefox-web-worker', 'web-worker', 'isolated', 'firefox'),
];
