/** Progress on stderr, on one line that is written over; nothing where stderr is no terminal. */
export interface ProgressBar {
  update(done: number, of: number, what: string): void;
  clear(): void;
}

const WIDTH = 24;

export function progressBar(wanted: boolean): ProgressBar {
  const { stderr } = process;
  if (!wanted || !stderr.isTTY) return { update: () => {}, clear: () => {} };
  const start = Date.now();
  return {
    update(done, of, what) {
      const full = Math.round((WIDTH * done) / of);
      const left = done > 0 ? ((Date.now() - start) * (of - done)) / done / 1000 : 0;
      const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
      stderr.write(`\r\x1b[K${bar} ${done}/${of} ${what}${left > 2 ? `, ${left.toFixed(0)} s left` : ''}`);
    },
    clear: () => stderr.write('\r\x1b[K'),
  };
}
