/** The decoder of jpeg-js by itself: its encoder is not asked for, and not packed. */
declare module 'jpeg-js/lib/decoder.js' {
  import type { decode } from 'jpeg-js';

  const decoder: typeof decode;
  export default decoder;
}
