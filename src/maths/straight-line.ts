/**
 * Straight-line programs as data: sums, differences and products of real and complex numbers, read from some places and
 * written to others. A program is built once; its reader decides what a number and a place are: text of a TypeScript
 * function, emitted instructions, a count of roundings.
 *
 * Statements stay in the order in which values are made, without those that nothing uses in the end.
 */

/** A value of the program by its number, or its negation, which waits for the sum that takes it. */
export interface Real {
  readonly value: number;
  readonly isNegated: boolean;
}

export interface Complex {
  readonly re: Real;
  readonly im: Real;
}

/** The float32 memory outside, the scratch between two passes, and values that wait inside one program. */
export type Space = 'memory' | 'scratch' | 'parked';

export interface Place {
  readonly space: Space;
  readonly index: number;
}

/** A statement that makes a value. */
export type Definition =
  | { readonly operation: 'read'; readonly value: number; readonly operands: readonly []; readonly place: Place }
  | { readonly operation: 'add' | 'subtract'; readonly value: number; readonly operands: readonly [number, number] }
  | {
      readonly operation: 'multiply';
      readonly value: number;
      readonly operands: readonly [number];
      readonly factor: number;
    };

export interface Write {
  readonly operation: 'write';
  readonly operands: readonly [number];
  readonly isNegated: boolean;
  readonly place: Place;
}

export type Statement = Definition | Write;

export class Program {
  readonly #statements: Statement[] = [];
  /** The statement that makes each value. */
  readonly #definitions: Definition[] = [];
  #parked = 0;

  // ---- real numbers ----

  add(a: Real, b: Real): Real {
    if (b.isNegated) return this.subtract(a, opposite(b));
    if (a.isNegated) return this.subtract(b, opposite(a));
    return this.#define({ operation: 'add', value: this.#next, operands: [a.value, b.value] });
  }

  subtract(a: Real, b: Real): Real {
    if (b.isNegated) return this.add(a, opposite(b));
    if (a.isNegated) return opposite(this.add(opposite(a), b));
    return this.#define({ operation: 'subtract', value: this.#next, operands: [a.value, b.value] });
  }

  /** −(a − b) is b − a, at no cost when nothing else needs a − b. */
  negate(a: Real): Real {
    const definition = this.#definitions[a.value];
    if (a.isNegated || definition.operation !== 'subtract') return opposite(a);
    const [minuend, subtrahend] = definition.operands;
    return this.subtract(plain(subtrahend), plain(minuend));
  }

  multiply(factor: number, a: Real): Real {
    if (factor === 1) return a;
    if (a.isNegated) return opposite(this.multiply(factor, opposite(a)));
    return this.#define({ operation: 'multiply', value: this.#next, operands: [a.value], factor });
  }

  // ---- complex numbers ----

  plus(a: Complex, b: Complex): Complex {
    return { re: this.add(a.re, b.re), im: this.add(a.im, b.im) };
  }

  minus(a: Complex, b: Complex): Complex {
    return { re: this.subtract(a.re, b.re), im: this.subtract(a.im, b.im) };
  }

  conjugate({ re, im }: Complex): Complex {
    return { re, im: this.negate(im) };
  }

  /** scale · a · e^(−2πi · n/N), by quarter turns and at most four products. */
  turn({ re, im }: Complex, n: number, N: number, scale = 1): Complex {
    if (n < 0) return this.turn({ re, im }, n + N, N, scale);
    if (n >= N / 4) return this.turn({ re: im, im: this.negate(re) }, n - N / 4, N, scale);
    if (n === 0) return { re: this.multiply(scale, re), im: this.multiply(scale, im) };
    // (re + i im) (1 − i) √½
    if (n === N / 8) {
      const factor = scale * Math.SQRT1_2;
      return { re: this.multiply(factor, this.add(re, im)), im: this.multiply(factor, this.subtract(im, re)) };
    }
    // (re + i im) (cos − i sin)
    const cos = scale * Math.cos((2 * Math.PI * n) / N);
    const sin = scale * Math.sin((2 * Math.PI * n) / N);
    return {
      re: this.add(this.multiply(cos, re), this.multiply(sin, im)),
      im: this.subtract(this.multiply(cos, im), this.multiply(sin, re)),
    };
  }

  // ---- places ----

  read(space: Space, index: number): Real {
    return this.#define({ operation: 'read', value: this.#next, operands: [], place: { space, index } });
  }

  write(space: Space, index: number, { value, isNegated }: Real): void {
    this.#statements.push({ operation: 'write', operands: [value], isNegated, place: { space, index } });
  }

  /** Puts a value away, so that it takes no register; the result reads it again. */
  park({ re, im }: Complex): () => Complex {
    const place = this.#parked;
    this.#parked += 2;
    this.write('parked', place, re);
    this.write('parked', place + 1, im);
    return () => ({ re: this.read('parked', place), im: this.read('parked', place + 1) });
  }

  // ---- the whole ----

  /** The statements whose values are used, found from the end. */
  statements(): Statement[] {
    const used = new Set<number>();
    const live = this.#statements.toReversed().filter((statement) => {
      const { operation, operands } = statement;
      if (operation !== 'write' && !used.has(statement.value)) return false;
      for (let i = 0; i < operands.length; i++) used.add(operands[i]);
      return true;
    });
    return live.reverse();
  }

  /** The number of the next value. */
  get #next(): number {
    return this.#definitions.length;
  }

  #define(statement: Definition): Real {
    this.#definitions.push(statement);
    this.#statements.push(statement);
    return plain(statement.value);
  }
}

const plain = (value: number): Real => ({ value, isNegated: false });
const opposite = ({ value, isNegated }: Real): Real => ({ value, isNegated: !isNegated });
