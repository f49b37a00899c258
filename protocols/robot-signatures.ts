import { createHmac } from 'node:crypto';

/**
 * DingTalk's custom robot, 加签: base64 of HMAC-SHA256 with the secret (SEC…) as key over `timestamp\nsecret`; the
 * timestamp is in ms and holds for an hour. Goes into the URL, percent-encoded.
 */
export function dingtalkSignature(secret: string, timestampMs: number): string {
  return createHmac('sha256', secret).update(`${timestampMs}\n${secret}`).digest('base64');
}

/**
 * Feishu's custom bot, 签名校验: base64 of HMAC-SHA256 over nothing, with `timestamp\nsecret` as key; the timestamp is
 * in seconds and holds for an hour. Goes into the body.
 */
export function feishuSignature(secret: string, timestampS: number): string {
  return createHmac('sha256', `${timestampS}\n${secret}`).update('').digest('base64');
}
