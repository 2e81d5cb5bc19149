/**
 * The error function erf x = 2/√π · ∫₀ˣ e^(−t²) dt and what is left of it, erfc x = 1 − erf x, as accurate as doubles are.
 *
 * W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969), 631–637,
 * with the coefficients of his program CALERF:
 *
 *     |x| ≤ 0.46875        erf x  ≈ x · A(x²) / B(x²)
 *     0.46875 < x ≤ 4      erfc x ≈ e^(−x²) · C(x) / D(x)
 *     4 < x                erfc x ≈ e^(−x²) / x · (1/√π − P(x⁻²) / (x² · Q(x⁻²)))
 *
 * An error of x² would be one of e^(−x²) times as large, so x² is taken as z² + (x − z)(x + z), z being x in sixteenths.
 */

const A = [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694];
const B = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const C = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
const D = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
const P = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
];
const Q = [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918];

/** Up to here the error function is the smaller of the two. */
const SMALL = 0.46875;
/** From here on the rest is less than all doubles. */
const NO_REST = 27;
/** 1/√π */
const INVERSE_ROOT_PI = 0.5641895835477563;

/** 2/√π · ∫₀ˣ e^(−t²) dt */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size <= SMALL) return inner(x);
  return x < 0 ? rest(size) - 1 : 1 - rest(size);
}

/** 1 − erf x */
export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size <= SMALL) return 1 - inner(x);
  return x < 0 ? 2 - rest(size) : rest(size);
}

/** erf x for small x. */
function inner(x: number): number {
  return (x * polynomial(A, x * x)) / polynomial(B, x * x);
}

/** erfc x for x that are not small; NaN of NaN. */
function rest(x: number): number {
  if (x > NO_REST) return 0;
  if (x <= 4) return (negativeSquarePower(x) * polynomial(C, x)) / polynomial(D, x);
  const inverse = 1 / (x * x);
  const tail = (inverse * polynomial(P, inverse)) / polynomial(Q, inverse);
  return (negativeSquarePower(x) * (INVERSE_ROOT_PI - tail)) / x;
}

/** e^(−x²) */
function negativeSquarePower(x: number): number {
  const z = Math.trunc(x * 16) / 16;
  return Math.exp(-z * z) * Math.exp(-(x - z) * (x + z));
}

/** Coefficients of the highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = coefficients[0];
  for (let i = 1; i < coefficients.length; i++) sum = sum * x + coefficients[i];
  return sum;
}
