/** The one place that knows fft.js, whose own types are all `any`. */
import FFT from 'fft.js';

/** One-dimensional complex transforms of a fixed size; real and imaginary parts alternate in both arrays. */
export interface ComplexFourier {
  /** spectrum(k) = Σ_n signal(n) · e^(−2πi·kn/N); the two arrays differ. */
  transform(spectrum: Float64Array, signal: Float64Array): void;
  /** signal(n) = 1/N · Σ_k spectrum(k) · e^(2πi·kn/N); the two arrays differ. */
  inverseTransform(signal: Float64Array, spectrum: Float64Array): void;
}

/** Transforms of `size` points, a power of two. */
export function complexFourier(size: number): ComplexFourier {
  return new FFT(size);
}
