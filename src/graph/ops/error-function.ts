import { erf } from '../../maths/error-function.ts';
import { unary } from './elementwise.ts';

/** erf x = 2/√π · ∫₀ˣ e^(−t²) dt */
export const errorFunction = unary(erf);
