/** Where in a file something stands, for errors alone: the text is made when one is thrown. */
import { NnpackError, show } from '../errors.ts';

/** The most steps of a place that an error shows; graphs may lie in graphs. */
const SHOWN_STEPS = 12;

/** A message of the file: `model: graph.node[3].attribute 'pads'`. */
export class Place {
  /** What the message calls itself, once that is read. */
  name = '';
  readonly #outer: Place | null;
  readonly #field: string;
  readonly #index: number | null;

  constructor(field: string, outer: Place | null = null, index: number | null = null) {
    this.#field = field;
    this.#outer = outer;
    this.#index = index;
  }

  toString(): string {
    const steps: string[] = [];
    let place: Place = this;
    for (; place.#outer !== null; place = place.#outer) {
      if (steps.length < SHOWN_STEPS) steps.unshift(place.#step());
      else steps[0] = '…';
    }
    return steps.length === 0 ? place.#field : `${place.#field}: ${steps.join('.')}`;
  }

  #step(): string {
    if (this.name !== '') return `${this.#field} ${show(this.name)}`;
    return this.#index === null ? this.#field : `${this.#field}[${this.#index}]`;
  }
}

/** The file makes no sense at a place. */
export function invalid(place: Place, text: string): NnpackError {
  return new NnpackError('invalid-model', `${place}: ${text}`);
}
