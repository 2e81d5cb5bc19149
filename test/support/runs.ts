/** Runs of each property: many more with `npm run test:slow`. */
export function runs(usual: number): number {
  return process.env.NNPACK_TEST_RUNS === 'slow' ? usual * 20 : usual;
}
