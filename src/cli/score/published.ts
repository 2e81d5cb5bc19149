/**
 * What this benchmark is compared with: images a second in MXNet's document how_to/nnpack.md, printed by its
 * benchmark_score.py on an Intel Xeon E5-2670 (v3), without NNPACK and with NNPACK on 4 threads. The document's `vgg` is
 * the network of 11 layers, and it has no figures for other networks.
 */
import type { NetworkName } from '../../networks/definitions/names.ts';
import type { ScoreRow } from './result.ts';

type Published = readonly (readonly [batch: number, byDefault: number, accelerated: number])[];

const PUBLISHED: Partial<Record<NetworkName, Published>> = {
  alexnet: [
    [1, 6.389429, 19.027215],
    [2, 7.961457, 12.879975],
    [4, 8.950112, 17.424076],
    [8, 9.578176, 21.283966],
    [16, 9.701248, 24.469325],
    [32, 9.83994, 25.910348],
    [64, 10.075369, 27.441672],
    [128, 10.053556, 28.009156],
    [256, 9.972228, 28.91895],
  ],
  'vgg-11': [
    [1, 1.223822, 3.980907],
    [2, 1.322814, 2.392069],
    [4, 1.383586, 3.610553],
    [8, 1.402376, 4.99445],
    [16, 1.415972, 6.396612],
    [32, 1.428377, 7.614288],
    [64, 1.443987, 8.826084],
    [128, 1.427531, 9.193653],
    [256, 1.435279, 9.991472],
  ],
};

/** The published figures of a network at a batch size; null where there are none. */
export function publishedOf(network: NetworkName, batch: number): ScoreRow['published'] {
  const found = PUBLISHED[network]?.find(([size]) => size === batch);
  if (found === undefined) return null;
  const [, byDefault, accelerated] = found;
  return { default: byDefault, accelerated, ratio: accelerated / byDefault };
}
