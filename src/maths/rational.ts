/**
 * Exact rational numbers on BigInt: enough arithmetic to build the matrices of a fast convolution and to prove them.
 *
 * A value is kept in lowest terms with a positive denominator, so that equal values have equal fields.
 */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  static readonly ZERO: Rational = new Rational(0n);
  static readonly ONE: Rational = new Rational(1n);

  /** numerator / denominator, reduced; throws a RangeError when the denominator is 0. */
  constructor(numerator: bigint, denominator = 1n) {
    if (denominator === 0n) throw new RangeError(`Rational: ${numerator}/0 is not a number`);
    const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    this.numerator = numerator / divisor;
    this.denominator = denominator / divisor;
  }

  plus(x: Rational): Rational {
    return new Rational(
      this.numerator * x.denominator + x.numerator * this.denominator,
      this.denominator * x.denominator,
    );
  }

  minus(x: Rational): Rational {
    return this.plus(x.negate());
  }

  times(x: Rational): Rational {
    return new Rational(this.numerator * x.numerator, this.denominator * x.denominator);
  }

  /** Throws a RangeError when x is 0. */
  over(x: Rational): Rational {
    return new Rational(this.numerator * x.denominator, this.denominator * x.numerator);
  }

  negate(): Rational {
    return new Rational(-this.numerator, this.denominator);
  }

  abs(): Rational {
    return this.numerator < 0n ? this.negate() : this;
  }

  /** −1, 0 or 1. */
  sign(): number {
    return this.numerator < 0n ? -1 : this.numerator > 0n ? 1 : 0;
  }

  equals(x: Rational): boolean {
    return this.numerator === x.numerator && this.denominator === x.denominator;
  }

  /** The nearest double, as long as both terms are below 2⁵³ (then a quotient of two exact doubles, rounded once). */
  toNumber(): number {
    return Number(this.numerator) / Number(this.denominator);
  }

  /** `-2/9`, or `3` for a whole number. */
  toString(): string {
    return this.denominator === 1n ? `${this.numerator}` : `${this.numerator}/${this.denominator}`;
  }
}

/** Euclid's algorithm; positive unless both are 0. */
function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}
