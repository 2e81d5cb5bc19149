/** The magnitudes that float32 can hold. */

/** The least number that is not subnormal. Processors take some hundred cycles for an operation on a subnormal one. */
export const LEAST_NORMAL = 2 ** -126;

export const GREATEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * Half of the least subnormal number: the greatest error of a product that is too small to be rounded by a factor of
 * 1 ± 2⁻²⁴. Sums have no such error: every sum of two float32 numbers that is as small is a float32 number itself.
 */
export const UNDERFLOW = 2 ** -150;
