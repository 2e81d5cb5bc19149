/**
 * Straight-line programs in the making: sums, differences and products of real and complex numbers, as statements of the
 * text that a generator writes. Statements come in the order in which values are made, and those that nothing uses in
 * the end are left out.
 */

/** A real number of the program: the name of a constant, or its negation, which waits for the sum that takes it. */
export type Real = string;

export interface Complex {
  readonly re: Real;
  readonly im: Real;
}

interface Statement {
  /** What it defines, if it is a constant. */
  readonly name?: string;
  readonly operation: 'add' | 'subtract' | 'multiply' | 'read' | 'write' | 'other';
  readonly operands: readonly string[];
  readonly text: string;
}

const isNegated = (a: Real) => a.startsWith('-');
const opposite = (a: Real) => (isNegated(a) ? a.slice(1) : `-${a}`);

export class Program {
  readonly #statements: Statement[] = [];
  #names = 0;
  #parked = 0;

  // ---- real numbers ----

  add(a: Real, b: Real): Real {
    if (isNegated(b)) return this.subtract(a, opposite(b));
    if (isNegated(a)) return this.subtract(b, opposite(a));
    return this.#define('add', [a, b], `${a} + ${b}`);
  }

  subtract(a: Real, b: Real): Real {
    if (isNegated(b)) return this.add(a, opposite(b));
    if (isNegated(a)) return opposite(this.add(opposite(a), b));
    return this.#define('subtract', [a, b], `${a} - ${b}`);
  }

  /** −(a − b) is b − a, at no cost when nothing else needs a − b. */
  negate(a: Real): Real {
    const definition = this.#statements.find(({ name }) => name === a);
    if (definition?.operation !== 'subtract') return opposite(a);
    return this.subtract(definition.operands[1], definition.operands[0]);
  }

  multiply(factor: number, a: Real): Real {
    if (factor === 1) return a;
    if (isNegated(a)) return opposite(this.multiply(factor, opposite(a)));
    return this.#define('multiply', [a], `${a} * ${factor}`);
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

  // ---- memory ----

  read(place: string): Real {
    return this.#define('read', [], place);
  }

  /** Writes under a condition, if one is given. */
  write(place: string, a: Real, condition = ''): void {
    const operand = isNegated(a) ? opposite(a) : a;
    const text = `${condition === '' ? '' : `if (${condition}) `}${place} = ${a};`;
    this.#statements.push({ operation: 'write', operands: [operand], text });
  }

  /** Puts a value away in p, so that it takes no register; the result reads it again. */
  park({ re, im }: Complex): () => Complex {
    const places = [`p[${this.#parked++}]`, `p[${this.#parked++}]`];
    this.write(places[0], re);
    this.write(places[1], im);
    return () => ({ re: this.read(places[0]), im: this.read(places[1]) });
  }

  /** A pointer o that walks in multiples of a distance, by steps that are multiplied out before the program. */
  walk(distance: string): { to(multiple: number): string; constants(): string } {
    const steps = new Set<number>();
    let at = 0;
    const to = (multiple: number): string => {
      const size = Math.abs(multiple - at);
      if (size > 1) steps.add(size);
      const step = size === 1 ? distance : `step${size}`;
      const text = `o = (o ${multiple < at ? '-' : '+'} ${step}) | 0;`;
      if (size > 0) this.#statements.push({ operation: 'other', operands: [], text });
      at = multiple;
      return 'f32[o]';
    };
    const constants = () => [...steps].map((n) => `  const step${n} = (${n} * ${distance}) | 0;\n`).join('');
    return { to, constants };
  }

  // ---- text ----

  text(indent: string): string {
    return this.#live()
      .map(({ text }) => `${indent}${text}\n`)
      .join('');
  }

  get operations(): { readonly additions: number; readonly multiplications: number } {
    const live = this.#live();
    const count = (...kinds: string[]) => live.filter(({ operation }) => kinds.includes(operation)).length;
    return { additions: count('add', 'subtract'), multiplications: count('multiply') };
  }

  #define(operation: Statement['operation'], operands: readonly string[], expression: string): Real {
    const name = `t${this.#names++}`;
    this.#statements.push({ name, operation, operands, text: `const ${name} = ${expression};` });
    return name;
  }

  /** Statements that something uses, found from the end. */
  #live(): Statement[] {
    const used = new Set<string>();
    const live: Statement[] = [];
    for (const statement of this.#statements.toReversed()) {
      if (statement.name !== undefined && !used.has(statement.name)) continue;
      for (const operand of statement.operands) used.add(operand);
      live.push(statement);
    }
    return live.reverse();
  }
}
