import { GatewayError, type JsonObject, membersOf } from '@sluice/protocol';
import type { Dropped } from '../messages/dropped.ts';
import { camelMembers } from './request-schema.ts';

/** Formats of sound by their media types. */
const audio: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/aac': 'aac',
};

/**
 * Converts data of a request, or the address of an image.
 * @throws GatewayError 400 for an address that only Google can read
 */
export function toMediaPart({ inlineData, fileData }: JsonObject, path: string, dropped: Dropped): JsonObject {
  const { mimeType, data, displayName } = camelMembers(membersOf(inlineData));
  if (typeof mimeType === 'string' && typeof data === 'string') {
    // Files alone have names.
    const name = typeof displayName === 'string' ? displayName : undefined;
    const url = `data:${mimeType};base64,${data}`;
    const format = Object.hasOwn(audio, mimeType) ? audio[mimeType] : undefined;
    const isImage = mimeType.startsWith('image/');
    if (!isImage && format === undefined) return { type: 'file', file: { file_data: url, filename: name ?? 'file' } };
    if (name !== undefined) dropped.add('contents.parts.inlineData.displayName');
    return isImage ? { type: 'image_url', image_url: { url } } : { type: 'input_audio', input_audio: { data, format } };
  }
  const file = camelMembers(membersOf(fileData));
  const address = file['fileUri'];
  const type = file['mimeType'];
  const isImage = type === undefined || (typeof type === 'string' && type.startsWith('image/'));
  if (typeof address === 'string' && /^https?:/.test(address) && isImage) {
    if (file['displayName'] != null) dropped.add('contents.parts.fileData.displayName');
    return { type: 'image_url', image_url: { url: address } };
  }
  throw new GatewayError('unsupported_parameter', {
    param: path,
    message: `Invalid '${path}': only data of the request itself and addresses of images can be used where no upstream of Google serves the model.`,
  });
}
