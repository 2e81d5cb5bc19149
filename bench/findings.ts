/** What the sections of the benchmark find: each finding is told when it is made. */
import type { LayerTimes, Row, SizeTimes } from './result.ts';
import { formatLayer, formatRow, formatSize, ROW_HEAD } from './tables.ts';

export interface Findings {
  readonly rows: Found<Row>;
  readonly layers: Found<LayerTimes>;
  readonly sizes: Found<SizeTimes>;
  /** The packages that took part besides this one. */
  readonly packages: { readonly name: string; readonly version: string }[];
}

/** Findings of one kind. */
export class Found<Item> {
  readonly all: Item[] = [];
  readonly #tell: (item: Item) => void;

  constructor(tell: (item: Item) => void) {
    this.#tell = tell;
  }

  push(...items: readonly Item[]): void {
    for (const item of items) {
      this.all.push(item);
      this.#tell(item);
    }
  }
}

/** No findings yet; those that are made are said as lines, rows below a head. */
export function noFindings(say: (text: string) => void): Findings {
  let rows = 0;
  return {
    rows: new Found((row) => {
      if (rows++ === 0) say(ROW_HEAD);
      say(formatRow(row));
    }),
    layers: new Found((layer) => say(formatLayer(layer))),
    sizes: new Found((size) => say(formatSize(size))),
    packages: [],
  };
}
