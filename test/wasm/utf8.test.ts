/** Names are written in UTF-8 without the host's help, and as the host would write them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8 } from '../../src/wasm/bytes.ts';
import { runs } from '../support/runs.ts';

it('is what TextEncoder gives, of halves of surrogate pairs too', () => {
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 }));
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(unit).map((units) => String.fromCharCode(...units)),
  );
  fc.assert(
    fc.property(text, (value) => {
      expect([...utf8(value)]).toEqual([...new TextEncoder().encode(value)]);
    }),
    {
      numRuns: runs(500),
      examples: [['\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\ud800\udc00\udc00\ud800']],
    },
  );
});
