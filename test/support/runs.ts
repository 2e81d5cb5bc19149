/** Runs of each property: many more, twenty times where nothing else is told, with `npm run test:slow`. */
export function runs(usual: number, times = 20): number {
  return process.env.NNPACK_TEST_RUNS === 'slow' ? usual * times : usual;
}
