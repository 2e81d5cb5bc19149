import { isNumber, stretched, TWO } from './elementwise.ts';

/** x₀ · x₁, stretched to one shape. */
export const multiplication = stretched({
  inputs: TWO,
  f: () => (a, b) => a * b,
  serves: isNumber,
  loop: (f32, n, a, aStep, b, bStep, y) => {
    for (let i = 0; i < n; i++) f32[y + i] = f32[a + i * aStep] * f32[b + i * bStep];
  },
});
