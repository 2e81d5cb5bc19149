import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { type ParsedSelection, parseSelection, SELECTION_FIELDS, type SelectionOptions } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';

/** How a model is read, how its convolutions are chosen, and where it runs. */
export interface ModelOptions extends SelectionOptions {
  /** The file of an MXNet model's parameters; the newest `NAME-NNNN.params` beside `NAME-symbol.json` when not given. */
  readonly params?: string;
  readonly context?: Context;
}

const OPTIONS: FieldsOf<ModelOptions> = { ...SELECTION_FIELDS, params: true, context: true };

/** {@link ModelOptions}, checked. */
export interface ParsedOptions {
  readonly params: string | undefined;
  readonly selection: ParsedSelection;
  readonly context: Context;
}

export function parseModelOptions(who: string, options: ModelOptions): ParsedOptions {
  const read = readOptions<ModelOptions>(who, options, OPTIONS);
  const { params } = read;
  if (params !== undefined && typeof params !== 'string') {
    throw new NnpackError('invalid-argument', `${who}: params is ${show(params)}, expected the name of a file`);
  }
  return { params, selection: parseSelection(who, read), context: contextOf(who, read.context) };
}
