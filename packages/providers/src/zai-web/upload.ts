import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { webHeaders } from './request.ts';
import type { ZaiWebOptions } from './options.ts';

/** An image as bytes. */
export interface ImageFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Parses a data URL; returns undefined if the text is not a base64 data URL of an image. */
export function readDataUrl(url: string, at: number): ImageFile | undefined {
  const { type, data } = /^data:(?<type>image\/[\w.+-]+)(?:;[^,]*)?;base64,(?<data>.+)$/s.exec(url)?.groups ?? {};
  if (type === undefined || data === undefined) return undefined;
  const ending = type.replace(/^image\//, '').replace(/\+.*$/, '');
  return { name: `image-${at}.${ending}`, mediaType: type, bytes: Buffer.from(data, 'base64') };
}

/** Builds the call that uploads an image. */
export function toUpload(file: ImageFile, plan: CallPlan, options: ZaiWebOptions): UpstreamRequest {
  const boundary = `sluice-${plan.newId()}`;
  const head =
    `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${file.name}"\r\n` +
    `content-type: ${file.mediaType}\r\n\r\n`;
  return {
    method: 'POST',
    url: `${plan.baseUrl}/api/v1/files/`,
    headers: { ...webHeaders(plan, options), 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

interface FileFacts {
  readonly id: string;
  readonly file: ImageFile;
  readonly userId: string;
  readonly itemId: string;
  readonly messageId: string;
}

/** Describes an image beside the messages, as version 2 of the protocol requires. */
export const describeFile = ({
  id,
  file: { name, mediaType, bytes },
  userId,
  itemId,
  messageId,
}: FileFacts): object => ({
  type: 'image',
  id,
  url: `/api/v1/files/${id}/content`,
  name,
  status: 'uploaded',
  size: bytes.length,
  error: '',
  itemId,
  media: 'image',
  ref_user_msg_id: messageId,
  file: { id, user_id: userId, filename: name, meta: { name, content_type: mediaType, size: bytes.length } },
});
