/** Progress on stderr: on a terminal one line that is written over, elsewhere a line from time to time. */
export interface ProgressBar {
  update(done: number, of: number, what: string): void;
  clear(): void;
}

const WIDTH = 24;
/** Time between two lines where stderr is no terminal: short work prints none there. */
const LINE_MS = 30_000;

/** What of stderr is needed. */
interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function progressBar(wanted: boolean, stream: Stream = process.stderr, clock = Date.now): ProgressBar {
  if (!wanted) return { update: () => {}, clear: () => {} };
  const start = clock();
  const textOf = (done: number, of: number, what: string): string => {
    const left = done > 0 ? ((clock() - start) * (of - done)) / done / 1000 : 0;
    return `${done}/${of} ${what}${left > 2 ? `, ${left.toFixed(0)} s left` : ''}`;
  };
  if (!stream.isTTY) {
    let printed = start;
    const update: ProgressBar['update'] = (done, of, what) => {
      if (clock() - printed < LINE_MS) return;
      printed = clock();
      stream.write(`${textOf(done, of, what)}\n`);
    };
    return { update, clear: () => {} };
  }
  return {
    update(done, of, what) {
      const full = Math.round((WIDTH * done) / of);
      const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
      stream.write(`\r\x1b[K${bar} ${textOf(done, of, what)}`);
    },
    clear: () => stream.write('\r\x1b[K'),
  };
}
