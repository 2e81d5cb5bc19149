/** Bounds in two digits, rounded to the side on which they still hold. */

/** A number of at least the value: for errors, and for what was found. */
export function atLeast(value: number): string {
  return twoDigits(value, true);
}

/** A number of at most the value: for limits. */
export function atMost(value: number): string {
  return twoDigits(value, false);
}

/** Fifteen digits behind the point are the value but for the last bits of a double, which change no bound. */
function twoDigits(value: number, isUp: boolean): string {
  const [digits, exponent] = value.toExponential(15).split('e');
  // Infinity has no digits.
  if (exponent === undefined) return digits;
  const isWhole = /^\d\.\d0*$/.test(digits);
  const tenths = 10 * Number(digits.slice(0, 1)) + Number(digits.slice(2, 3));
  return Number(`${tenths + (isUp && !isWhole ? 1 : 0)}e${Number(exponent) - 1}`).toExponential(1);
}
