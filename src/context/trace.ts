/**
 * What a process tells of itself on stderr when `NNPACK_TRACE` asks for it: `dispatch` a line for each plan, `profile` one for
 * each run. Lines are asked for with `trace.dispatch?.(…)`, so that where nobody listens none is made.
 */
import { expectOneOf } from '../check/options.ts';
import { environmentVariable, printError } from '../threads/runtime.ts';

export const TRACE_TOPICS = ['dispatch', 'profile'] as const;

export type TraceTopic = (typeof TRACE_TOPICS)[number];

/** What prints the lines of each topic; null for one that is not asked for. */
export type Trace = Readonly<Record<TraceTopic, ((line: string) => void) | null>>;

/**
 * The topics that the environment names, apart by commas; none where there is no environment.
 *
 * @throws NnpackError `invalid-argument` for any other name
 */
export function traceOfEnvironment(): Trace {
  const value = environmentVariable('NNPACK_TRACE')?.trim() ?? '';
  const names = value === '' ? [] : value.split(',');
  const topics = names.map((name) =>
    expectOneOf('environment', 'NNPACK_TRACE', name.trim(), TRACE_TOPICS, 'invalid-argument'),
  );
  const printer = (topic: TraceTopic) =>
    topics.includes(topic) ? (line: string) => printError(`nnpack-ts ${topic}: ${line}`) : null;
  return Object.freeze({ dispatch: printer('dispatch'), profile: printer('profile') });
}
