/** What an ONNX file says of itself beside its graph. */
import type { Model } from './proto.ts';

/** By the names of ONNX's schema, what the file leaves out left out; then its own entries, which take no other's name. */
export function metadataOf(model: Model): ReadonlyMap<string, string> {
  const opsets = [...model.opsets].map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`);
  const fields: readonly (readonly [string, string])[] = [
    ['ir_version', String(model.irVersion)],
    ['opset_import', opsets.join(', ')],
    ['producer_name', model.producer.name],
    ['producer_version', model.producer.version],
    ['domain', model.domain],
    ['model_version', model.modelVersion === 0 ? '' : String(model.modelVersion)],
    ['doc_string', model.description],
  ];
  const told = fields.filter(([, text]) => text !== '');
  return new Map([...told, ...[...model.metadata].filter(([key]) => !told.some(([name]) => name === key))]);
}
