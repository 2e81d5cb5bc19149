/** What takes the place of load.ts in bundles for browsers, by the `browser` field of package.json. */
import { NnpackError } from '../errors.ts';
import type { ModelSource } from './source.ts';

/** @throws NnpackError 'unsupported-hardware' */
export async function loadSource(): Promise<ModelSource> {
  throw new NnpackError(
    'unsupported-hardware',
    'openModel: there is no disk here, expected parseModel and the bytes of files',
  );
}

/** @throws NnpackError 'unsupported-hardware' */
export async function loadBytes(who: string): Promise<Uint8Array> {
  throw new NnpackError('unsupported-hardware', `${who} could not be read: there is no disk here, expected its bytes`);
}
